/** Marks of nodes that `up` has cordoned: what bears one may be uncordoned again without asking anybody. */
import type { Node } from "./nodes";

/** A node whose machine is to go: it may be removed as well. */
export const leavingAnnotation = "openstack-kubernetes/leaving";
/** A node whose machine takes another version of Kubernetes, without pods. */
const updatingAnnotation = "openstack-kubernetes/updating";

export const isLeaving = (node: Node): boolean => bears(node, leavingAnnotation);
/** The node cordoned and marked; undefined when it is already. */
export const withLeavingMark = (node: Node): Node | undefined => cordoned(node, leavingAnnotation);
/** The node as it was before it was to go; undefined when it bears no mark. */
export const withoutLeavingMark = (node: Node): Node | undefined => opened(node, leavingAnnotation);

export const isUpdating = (node: Node): boolean => bears(node, updatingAnnotation);
/** The node cordoned and marked; undefined when it is already. */
export const withUpdatingMark = (node: Node): Node | undefined => cordoned(node, updatingAnnotation);
/** The node as it was before its update; undefined when it bears no mark. */
export const withoutUpdatingMark = (node: Node): Node | undefined => opened(node, updatingAnnotation);

const bears = ({ metadata }: Node, mark: string) => metadata.annotations?.[mark] !== undefined;

/** The mark remembers whether somebody else had cordoned the node before. */
function cordoned(node: Node, mark: string): Node | undefined {
  if (bears(node, mark)) return undefined;
  const before = node.spec?.["unschedulable"] === true ? "cordoned" : "schedulable";
  return marked(node, { ...node.metadata.annotations, [mark]: before }, true);
}

function opened(node: Node, mark: string): Node | undefined {
  if (!bears(node, mark)) return undefined;
  const { [mark]: before, ...annotations } = node.metadata.annotations ?? {};
  return marked(node, annotations, before === "cordoned");
}

function marked(node: Node, annotations: Readonly<Record<string, string>>, unschedulable: boolean): Node {
  return { ...node, metadata: { ...node.metadata, annotations }, spec: { ...node.spec, unschedulable } };
}
