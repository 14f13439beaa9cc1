/**
 * Whether kubelets are alive now. "Ready" alone does not tell: the API server shows it of a machine that is gone for
 * another 40 to 50 seconds.
 */
import { listAll } from "./answers";
import type { KubernetesRequest } from "./client";

interface Lease {
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly renewTime?: string };
}

const path = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";

/**
 * A kubelet renews its lease every ten seconds; what counts is that it changes from one look to another, whatever the
 * clocks say.
 */
export class KubeletLeases {
  /** As it was when first looked at; undefined where there was none. */
  private readonly first = new Map<string, string | undefined>();

  constructor(private readonly request: KubernetesRequest) {}

  /**
   * Those of these nodes whose kubelets gave no sign of life since they were first asked about here; at the first look
   * that is all of them.
   */
  public async silent(nodes: readonly string[]): Promise<ReadonlySet<string>> {
    if (nodes.length === 0) return new Set();
    const leases = await listAll<Lease>("a listing of the kubelets' leases", path, this.request);
    const renewed = new Map(leases.map(({ metadata, spec }) => [metadata.name, spec?.renewTime]));
    return new Set(
      nodes.filter((node) => {
        const now = renewed.get(node);
        if (!this.first.has(node)) {
          this.first.set(node, now);
          return true;
        }
        return now === undefined || now === this.first.get(node);
      }),
    );
  }
}
