/** The static pods of the control plane, each named after its component and its node: `etcd-dev-control-plane-0`. */
import { listAll } from "./answers";
import type { KubernetesRequest } from "./client";
import type { Condition } from "./nodes";

interface StaticPod {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

const path = `/api/v1/namespaces/kube-system/pods?labelSelector=${encodeURIComponent("tier=control-plane")}`;

export function controlPlanePods(request: KubernetesRequest): Promise<StaticPod[]> {
  return listAll<StaticPod>("a listing of the control plane's pods", path, request);
}
