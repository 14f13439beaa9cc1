/** PodDisruptionBudgets, and which of them are over a pod. */
import { listAll } from "./answers";
import type { KubernetesRequest } from "./client";
import { podName, type Pod } from "./podsToDrain";

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

export interface Budget {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec?: {
    readonly selector?: {
      readonly matchLabels?: Readonly<Record<string, string>>;
      readonly matchExpressions?: readonly Requirement[];
    };
  };
  readonly status?: { readonly disruptionsAllowed?: number; readonly expectedPods?: number };
}

/** Of one namespace, or of all. */
export function listBudgets(request: KubernetesRequest, namespace?: string): Promise<Budget[]> {
  const within = namespace === undefined ? "" : `namespaces/${namespace}/`;
  return listAll<Budget>("a listing of PodDisruptionBudgets", `/apis/policy/v1/${within}poddisruptionbudgets`, request);
}

/** `pod shop/cart (PodDisruptionBudgets a, b)`; undefined of a pod that fewer than two budgets are over. */
export function underTwoBudgets(pod: Pod, budgets: readonly Budget[]): string | undefined {
  const { namespace, labels = {} } = pod.metadata;
  const over = budgets
    .filter(({ metadata, spec }) => metadata.namespace === namespace && isSelected(labels, spec?.selector))
    .map(({ metadata }) => metadata.name);
  return over.length < 2 ? undefined : `${podName(pod)} (PodDisruptionBudgets ${over.sort().join(", ")})`;
}

/** As Kubernetes has it: an empty selector finds all pods, an absent one none. */
function isSelected(
  labels: Readonly<Record<string, string>>,
  selector: NonNullable<Budget["spec"]>["selector"],
): boolean {
  if (selector === undefined) return false;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((requirement) => meets(labels, requirement))
  );
}

function meets(labels: Readonly<Record<string, string>>, { key, operator, values = [] }: Requirement): boolean {
  const value = labels[key];
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    default:
      return value === undefined;
  }
}
