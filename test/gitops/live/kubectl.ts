/** The pinned kubectl against a test's API server, as its root or as somebody else. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { parse, stringify } from "yaml";

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
}

export interface KubernetesObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly generation?: number;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
  };
  readonly spec?: Record<string, unknown>;
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly lastHandledReconcileAt?: string;
    readonly lastAttemptedRevision?: string;
    readonly lastAppliedRevision?: string;
    readonly hard?: Record<string, string>;
    readonly used?: Record<string, string>;
  };
  readonly [key: string]: unknown;
}

interface Attempt {
  readonly ok: boolean;
  /** Standard output and error together. */
  readonly output: string;
}

export class Kubectl {
  /** `identity`: flags such as --as that every command gets. */
  constructor(
    private readonly program: string,
    readonly kubeconfig: string,
    private readonly identity: readonly string[] = [],
  ) {}

  /** The same cluster as seen by a user with these groups, by impersonation. */
  as(user: string, groups: readonly string[]): Kubectl {
    return new Kubectl(this.program, this.kubeconfig, [
      `--as=${user}`,
      ...[...groups, "system:authenticated"].map((group) => `--as-group=${group}`),
    ]);
  }

  attempt(args: readonly string[], input?: string): Attempt {
    const result = spawnSync(this.program, [`--kubeconfig=${this.kubeconfig}`, ...this.identity, ...args], {
      encoding: "utf8",
      timeout: 300_000,
      ...(input === undefined ? {} : { input }),
    });
    return { ok: result.status === 0, output: `${result.stdout}${result.stderr}`.trim() };
  }

  /** Output of a command that has to succeed. */
  run(args: readonly string[], input?: string): string {
    const { ok, output } = this.attempt(args, input);
    if (!ok) throw new Error(`kubectl ${args.join(" ")}: ${output}`);
    return output;
  }

  exists(kind: string, namespace: string, name: string): boolean {
    return this.attempt(["get", kind, name, "-n", namespace]).ok;
  }

  get(kind: string, namespace: string, name: string): KubernetesObject {
    return JSON.parse(this.run(["get", kind, name, "-n", namespace, "-o", "json"])) as KubernetesObject;
  }

  list(kinds: string, namespace: string): readonly KubernetesObject[] {
    return (JSON.parse(this.run(["get", kinds, "-n", namespace, "-o", "json"])) as { items: KubernetesObject[] }).items;
  }

  apply(...objects: readonly object[]): Attempt {
    return this.attempt(
      ["apply", "--server-side", "-f", "-"],
      objects.map((object) => stringify(object)).join("---\n"),
    );
  }

  create(object: object): Attempt {
    return this.attempt(["create", "-f", "-"], stringify(object));
  }

  /** Server of the kubeconfig, and the file of its authority. */
  address(): { readonly server: string; readonly authority: string } {
    const { clusters } = parse(readFileSync(this.kubeconfig, "utf8")) as {
      clusters: [{ cluster: { server: string; "certificate-authority": string } }];
    };
    return { server: clusters[0].cluster.server, authority: clusters[0].cluster["certificate-authority"] };
  }
}
