/** Puts the questions to everybody at once, and the answers in order. */
import { kubernetesApi } from "../kubernetes/client";
import { listNodes } from "../kubernetes/nodes";
import { readAdminKubeconfig } from "../pki/kubeconfig";
import { askApi } from "./apiStatus";
import { askParts, type StatusPart } from "./askParts";
import { judgeCertificates } from "./certificateStatus";
import { driftPart, type FileFacts, judgeNodeDrift, judgeStackFile } from "./driftStatus";
import { judgeNodes } from "./nodeStatus";
import type { LastUp } from "./stackOutputs";
import { type Health, healthOf, type StatusLine } from "./statusLine";

export interface StatusSources {
  readonly stack: string;
  /** Throws a sentence where the stack file is wrong. */
  readonly readFile: () => FileFacts;
  /** Rejects with a sentence. */
  readonly readOutputs: () => Promise<LastUp>;
}

/** What `--json` prints. */
export interface Status {
  readonly stack: string;
  /** When it was asked, RFC 3339. */
  readonly asked: string;
  readonly health: Health;
  readonly lines: readonly StatusLine[];
}

/** Milliseconds that every part may take, what it waits for included. The promise is 15 s for the whole command. */
const usualLimit = 8_000;

/** Never rejects: what could not be asked is a line. `limit`: milliseconds that every part may take. */
export async function askStatus(sources: StatusSources, limit = usualLimit): Promise<Status> {
  const now = new Date();
  const lines = await askParts(partsOf(sources, now), limit);
  return { stack: sources.stack, asked: now.toISOString(), health: healthOf(lines), lines };
}

function partsOf({ readFile, readOutputs }: StatusSources, now: Date): StatusPart[] {
  const file = shared(async () => Promise.resolve(readFile()));
  const stack = shared(readOutputs);
  const outputs = shared(async () =>
    stack.catch(() => {
      throw new Error("the outputs of the stack are unknown");
    }),
  );
  const access = shared(async () => readAdminKubeconfig((await outputs).adminKubeconfig));
  const request = shared(async () => kubernetesApi(await access));
  const nodes = shared(async () => listNodes(await request));
  const noFile = "correct the stack file: `npm run preview` names its mistakes";
  return [
    {
      name: "stack",
      ask: async () => stack.then(() => []),
      remedy: "set PULUMI_BACKEND_URL and the passphrase as for `pulumi up` (docs/state.md)",
    },
    {
      name: "API",
      needs: access,
      ask: async () => askApi(await request, await access),
      silence: "bad",
      remedy: "docs/runbooks/alerts/ApiServerDown.md",
    },
    {
      name: "nodes",
      ask: async () => judgeNodes(await outputs, await nodes, now),
      remedy: "see API",
    },
    {
      name: "certificates",
      ask: async () => judgeCertificates((await outputs).certificateExpiry, now),
      remedy: "see stack",
    },
    {
      name: driftPart,
      ask: async () => judgeStackFile(await file, await outputs),
      remedy: noFile,
    },
    {
      name: driftPart,
      ask: async () => judgeNodeDrift(await file, await outputs, await nodes),
      remedy: `see API, or ${noFile}`,
    },
  ];
}

/** What several parts wait for: each of them shows its failure. */
function shared<T>(make: () => Promise<T>): Promise<T> {
  const result = make();
  result.catch(() => undefined);
  return result;
}
