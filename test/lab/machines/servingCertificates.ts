/**
 * What kubelets show to those who ask them: certificates that the cluster issues, on the word of the control-plane
 * machines. Claims on the running cluster of a test whose configuration says `kubeletServingCertificate: clusterCa`.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, type LabCluster } from "../../../lab/machines/cluster";
import { onMachine } from "../../../lab/machines/power";
import { inNetwork, runFolder } from "../../../lab/machines/site";
import { commandsRunBy } from "../../docs/runbooks";

const sh = (name: string, script: string) => onMachine(name, ["bash", "-c", script], 180);

/** A request for a certificate as a kubelet writes it: PEM, with these alternative names. */
function request(commonName: string, alternativeNames: string): string {
  const words = [
    "req",
    "-new",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-keyout",
    "/dev/null",
  ];
  return execFileSync(
    "openssl",
    [...words, "-subj", `/O=system:nodes/CN=${commonName}`, "-addext", `subjectAltName=${alternativeNames}`],
    {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    },
  );
}

export function claimServingCertificates(cluster: () => LabCluster): void {
  const named = (role: "control-plane" | "worker") =>
    cluster().plan.machines.filter((machine) => machine.role === role);
  /** The end of a log of kube-proxy on a node, or why it cannot be had. */
  const proxyLog = (node: string) => {
    const pod = cluster().ask(
      "-n",
      "kube-system",
      "get",
      "pods",
      "-l",
      "k8s-app=kube-proxy",
      "--field-selector",
      `spec.nodeName=${node}`,
      "-o",
      "name",
    );
    const answer = cluster().kubectl(["-n", "kube-system", "logs", "--tail=1", pod]);
    return answer.status === 0 ? "a log" : answer.stderr.trim();
  };
  const issued = (node: string) => sh(node, "test -e /var/lib/kubelet/pki/kubelet-server-current.pem").status === 0;

  it("issues every kubelet a serving certificate for its own name and address, and shows the logs of all", async () => {
    const ca = join(runFolder, "ca.crt");
    writeFileSync(ca, cluster().keys.secrets.clusterCa.certificatePem);
    for (const { name, address } of cluster().plan.machines) {
      await eventually(`a serving certificate on ${name}`, 180, () => issued(name) || undefined);
      // As anybody sees it who asks the kubelet, with nothing but the cluster CA to go by.
      const look = [
        "openssl",
        "s_client",
        "-connect",
        `${address}:10250`,
        "-CAfile",
        ca,
        "-verify_ip",
        address,
        "-verify_return_error",
      ];
      const seen = await eventually(`a verified answer of ${name}`, 60, () => {
        const { status, stdout } = inNetwork(look);
        return status === 0 ? stdout : undefined;
      });
      expect(seen).toContain("Verification: OK");
      const print =
        "openssl x509 -in /var/lib/kubelet/pki/kubelet-server-current.pem -noout -subject -nameopt RFC2253 -ext subjectAltName,extendedKeyUsage";
      expect(
        sh(name, print)
          .stdout.split("\n")
          .map((line) => line.trim())
          .filter(Boolean),
      ).toEqual([
        `subject=CN=system:node:${name},O=system:nodes`,
        "X509v3 Extended Key Usage:",
        "TLS Web Server Authentication",
        "X509v3 Subject Alternative Name:",
        `DNS:${name}, IP Address:${address}`,
      ]);
      expect([name, proxyLog(name)]).toEqual([name, "a log"]);
    }
  });

  it("believes no kubelet that signs for itself, until it is brought over as the how-to says", async () => {
    const { name } = named("worker")[0]!;
    const own =
      "sed -i /^serverTLSBootstrap/d /var/lib/kubelet/config.yaml && rm /var/lib/kubelet/pki/kubelet-server-* && systemctl restart kubelet";
    expect(sh(name, own).status).toBe(0);
    await eventually(
      "a certificate that is not believed",
      120,
      () => proxyLog(name).includes("failed to verify certificate: x509: ") || undefined,
    );
    const [bringOver] = commandsRunBy(__filename, "docs/how-to/kubelet-certificates.md");
    const brought = sh(name, bringOver!);
    expect(brought.status === 0 ? "brought over" : brought.stderr).toBe("brought over");
    await eventually("logs again", 60, () => proxyLog(name) === "a log" || undefined);
  });

  it("denies a node another's name and address, what the API goes by, and another's identity", async () => {
    const [first, second] = named("worker");
    const { name, address } = first!;
    const [controlPlane] = named("control-plane");
    const { endpointHost } = cluster().plan;
    const ask = (id: string, commonName: string, alternativeNames: string) => {
      const manifest = {
        apiVersion: "certificates.k8s.io/v1",
        kind: "CertificateSigningRequest",
        metadata: { name: id },
        spec: {
          request: Buffer.from(request(commonName, alternativeNames)).toString("base64"),
          signerName: "kubernetes.io/kubelet-serving",
          usages: ["digital signature", "server auth"],
        },
      };
      const node = ["--as", `system:node:${name}`, "--as-group", "system:nodes", "--as-group", "system:authenticated"];
      return cluster()
        .kubectl([...node, "create", "--filename", "-"], { input: JSON.stringify(manifest) })
        .stderr.trim();
    };
    const names: Readonly<Record<string, string>> = {
      own: `DNS:${name},IP:${address}`,
      "other-name": `DNS:${second!.name},IP:${address}`,
      "longer-name": `DNS:${name}0,IP:${address}`,
      "name-outside": `DNS:registry.lab,IP:${address}`,
      "other-address": `DNS:${name},IP:${second!.address}`,
      "endpoint-address": `DNS:${name},IP:${endpointHost}`,
      "control-plane-address": `DNS:${name},IP:${controlPlane!.address}`,
      "address-in-the-cluster": `DNS:${name},IP:10.96.0.1`,
      "address-outside": `DNS:${name},IP:10.20.0.10`,
    };
    const verdicts: Record<string, string> = {};
    for (const [id, alternativeNames] of Object.entries(names))
      expect([id, ask(id, `system:node:${name}`, alternativeNames)]).toEqual([id, ""]);
    for (const id of Object.keys(names))
      verdicts[id] = await eventually(
        `a verdict on ${id}`,
        90,
        () => cluster().ask("get", "csr", id, "-o", "jsonpath={.status.conditions[0].type}") || undefined,
      );
    const denied = Object.fromEntries(Object.keys(names).map((id) => [id, "Denied"]));
    expect(verdicts).toEqual({ ...denied, own: "Approved" });
    // This one is refused by the API server itself.
    const another = `system:node:${second!.name}`;
    expect(ask("other-identity", another, `DNS:${second!.name},IP:${second!.address}`)).toContain(
      `can only create a node CSR with CN=system:node:${name}`,
    );
  });
}
