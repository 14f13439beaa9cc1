/** The mark of a node that `up` has cordoned because its machine is to go. */
import type { Node } from "./nodes";

/** Set on such a node: what bears it may be uncordoned and removed again without asking anybody. */
export const leavingAnnotation = "openstack-kubernetes/leaving";

export const isLeaving = ({ metadata }: Node): boolean => metadata.annotations?.[leavingAnnotation] !== undefined;

/**
 * The node cordoned and marked; undefined when it is already. The mark remembers whether somebody else had cordoned it
 * before.
 */
export function withLeavingMark(node: Node): Node | undefined {
  if (isLeaving(node)) return undefined;
  const before = node.spec?.["unschedulable"] === true ? "cordoned" : "schedulable";
  return marked(node, { ...node.metadata.annotations, [leavingAnnotation]: before }, true);
}

/** The node as it was before it was to go; undefined when it bears no mark. */
export function withoutLeavingMark(node: Node): Node | undefined {
  if (!isLeaving(node)) return undefined;
  const { [leavingAnnotation]: before, ...annotations } = node.metadata.annotations ?? {};
  return marked(node, annotations, before === "cordoned");
}

function marked(node: Node, annotations: Readonly<Record<string, string>>, unschedulable: boolean): Node {
  return { ...node, metadata: { ...node.metadata, annotations }, spec: { ...node.spec, unschedulable } };
}
