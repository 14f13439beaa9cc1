import { judgeControlPlane, type StaticPod } from "../../src/status/controlPlaneStatus";

const pod = (name: string, change: Partial<StaticPod> = {}): StaticPod => ({
  metadata: { name },
  spec: { containers: [{ image: "registry.k8s.io/kube-x:v1.36.3" }] },
  status: { conditions: [{ type: "Ready", status: "True" }] },
  ...change,
});
const pods = ["kube-apiserver-a", "kube-controller-manager-a", "kube-scheduler-a"].map((name) => pod(name));
const part = "control plane";
const remedy = "docs/runbooks/alerts/ControlPlanePodDown.md";

describe("status of the control plane", () => {
  it("is one line where all static pods are Ready", () => {
    expect(judgeControlPlane(["a"], [...pods, pod("etcd-a")])).toEqual([
      { part, level: "ok", text: "3 of 3 static pods Ready; v1.36.3" },
    ]);
  });

  it("names the pod that is missing, and the one that does not run, with the cause", () => {
    const broken = pod("kube-apiserver-a", {
      spec: { containers: [{ image: "mirror:5000/kube-apiserver:v1.35.4@sha256:0" }] },
      status: {
        conditions: [{ type: "Ready", status: "False", message: "containers with unready status" }],
        containerStatuses: [{ state: { waiting: { reason: "CrashLoopBackOff" } } }],
      },
    });
    expect(judgeControlPlane(["a"], [broken, ...pods.slice(2)])).toEqual([
      { part, level: "bad", text: "1 of 3 static pods Ready; v1.35.4, v1.36.3" },
      { part, level: "bad", text: "kube-apiserver-a is not Ready: CrashLoopBackOff", remedy },
      { part, level: "bad", text: "kube-controller-manager-a does not exist", remedy },
    ]);
  });
});
