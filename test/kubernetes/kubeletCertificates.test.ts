import { kubeletCertificateMismatch } from "../../src/kubernetes/kubeletCertificates";
import { configWith } from "../platform/config";

/** A cluster whose kubelets were configured so. */
const clusterOf = (kubelet: string | undefined) => (method: string, path: string) => {
  expect([method, path]).toEqual(["GET", "/api/v1/namespaces/kube-system/configmaps/kubelet-config"]);
  return Promise.resolve({ status: 200, body: JSON.stringify({ data: { kubelet } }) });
};
const configured = (kubeletServingCertificate: string) => configWith({ kubernetes: { kubeletServingCertificate } });
const own = "rotateCertificates: true\n";
const issued = `${own}serverTLSBootstrap: true\n`;

describe("the kubelets' serving certificates, as configured and as the cluster has them", () => {
  it.each([
    ["clusterCa", issued],
    ["selfSigned", own],
    ["selfSigned", `${own}serverTLSBootstrap: false\n`],
    ["selfSigned", ""],
    ["selfSigned", undefined],
  ])("agree: %s, %j", async (wanted, kubelet) => {
    expect(await kubeletCertificateMismatch(configured(wanted), clusterOf(kubelet))).toBeUndefined();
  });

  it("differ in a cluster that was made before: `up` says what stops working, and what to do", async () => {
    expect(await kubeletCertificateMismatch(configured("clusterCa"), clusterOf(own))).toBe(
      'kubernetes.kubeletServingCertificate is "clusterCa", but this cluster\'s kubelets sign for themselves: metrics-server, which then verifies them, gets no metrics of theirs. Set it to "selfSigned", or bring the kubelets over (docs/how-to/kubelet-certificates.md).',
    );
  });

  it("differ where the configuration went back", async () => {
    expect(await kubeletCertificateMismatch(configured("selfSigned"), clusterOf(issued))).toBe(
      'kubernetes.kubeletServingCertificate is "selfSigned", but this cluster\'s kubelets ask the cluster for their certificates, which somebody must approve (docs/how-to/kubelet-certificates.md). Set it to "clusterCa".',
    );
  });

  it("are not guessed when the API refuses", async () => {
    const refused = () => Promise.resolve({ status: 403, body: JSON.stringify({ message: "no" }) });
    await expect(kubeletCertificateMismatch(configured("clusterCa"), refused)).rejects.toThrow(
      "The Kubernetes API refused the kubelets' configuration (403): no",
    );
  });
});
