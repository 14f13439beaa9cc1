/** Lets in the machines that join while `up` runs, and nobody else. */
import { deleteBootstrapToken, renewBootstrapToken } from "../kubernetes/bootstrapToken";
import type { KubernetesRequest } from "../kubernetes/client";
import { answerJoinRequests, joinNames } from "../kubernetes/joinRequests";
import { listNodes } from "../kubernetes/nodes";

/** Milliseconds between two looks at what joining machines ask for. */
const pollEvery = 3_000;

interface JoiningMachinesArgs {
  readonly request: KubernetesRequest;
  readonly token: string;
  /** Names of all machines of the configuration that become nodes. */
  readonly planned: readonly string[];
  /** Those that this run has created so far. */
  readonly created: () => readonly string[];
  readonly warn: (message: string) => void;
}

export class JoiningMachines {
  private renewal: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly args: JoiningMachinesArgs) {}

  /** Has the cluster honour the token and answers requests from then on; once per run, whoever asks first. */
  public admit(): Promise<void> {
    this.renewal ??= renewBootstrapToken(this.args.request, this.args.token, new Date()).then(() => this.watch());
    return this.renewal;
  }

  /** All have joined: the token opens nothing any more. */
  public async end(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await deleteBootstrapToken(this.args.request, this.args.token);
  }

  /** The timer keeps no program alive that has ended otherwise. */
  private watch(): void {
    this.timer = setTimeout(() => {
      void answerJoinRequests(this.args.request, this.args.token, async () =>
        joinNames(this.args.planned, this.args.created(), await listNodes(this.args.request)),
      )
        // The endpoint may move while machines join: the next look asks again.
        .catch(() => [])
        .then((denials) => {
          denials.forEach(this.args.warn);
          if (this.timer !== undefined) this.watch();
        });
    }, pollEvery);
    this.timer.unref();
  }
}
