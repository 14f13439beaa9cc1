import { mayBeSetByKubelet } from "../../src/bootstrap/nodeRegistration";

describe("labels that a kubelet may set on its own node", () => {
  it.each([
    ["tier", true],
    ["example.org/team", true],
    ["kubelet.kubernetes.io/x", true],
    ["node.kubernetes.io/x", true],
    ["a.node.kubernetes.io/x", true],
    ["mykubernetes.io/x", true],
    ["node-role.kubernetes.io/worker", false],
    ["node-restriction.kubernetes.io/x", false],
    ["kubernetes.io/x", false],
    ["k8s.io/x", false],
    ["topology.k8s.io/x", false],
  ])("%s: %s", (key, allowed) => {
    expect(mayBeSetByKubelet(key)).toBe(allowed);
  });
});
