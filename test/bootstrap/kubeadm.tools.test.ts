/**
 * What the real kubeadm says to the rendered documents. Does not prove that the images start or that a machine boots.
 */
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseAllDocuments } from "yaml";
import { renderControlPlaneUserData } from "../../src/bootstrap/controlPlane";
import type { ControlPlaneSecrets } from "../../src/pki/secrets";
import { renderWorkerUserData } from "../../src/bootstrap/worker";
import { defaultKubernetesVersion } from "../../src/config/kubernetesMinors";
import {
  bootstrapToken,
  contentOf,
  fixtures,
  poolTemplates,
  rhel9,
  sampleConfig,
  sampleFacts,
  secrets,
  virtualIp,
  workerFacts,
} from "./samples";
import { describeWithTools } from "../findTool";
import { address, DryRunMachine, onMachine } from "./dryRunMachine";

/** The version of the kubeadm that these tests run. */
const kubeadmVersion =
  /^kubernetes_version=(\S+)$/m.exec(readFileSync(join(__dirname, "../../scripts/installTestTools.sh"), "utf8"))?.[1] ??
  "";
/** kubeadm refuses other minors than its own and the one before. */
const versions = [...new Set([kubeadmVersion, defaultKubernetesVersion])];
const documented = fixtures().flatMap(([name, config]) =>
  versions.map(
    (version) => [`${name}, ${version}`, { ...config, kubernetes: { ...config.kubernetes, version } }] as const,
  ),
);

describeWithTools("kubeadm", ["kubeadm", "openssl"], (tool) => {
  let directory: string;
  let machine: DryRunMachine;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "kubeadm-"));
    machine = new DryRunMachine(directory, tool("kubeadm"));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it("is the version that scripts/installTestTools.sh builds", () => {
    expect(machine.kubeadm("version", "-o", "short").trim()).toBe(`v${kubeadmVersion}`);
  });

  it.each(documented)("finds every document of the configuration valid: %s", (_name, config) => {
    const controlPlane = renderControlPlaneUserData(config, sampleFacts(config), secrets).files;
    const documents = [
      onMachine(controlPlane, "/etc/openstack-kubernetes/init.yaml"),
      onMachine(controlPlane, "/etc/openstack-kubernetes/join.yaml"),
      ...poolTemplates(config).map((pool) =>
        onMachine(renderWorkerUserData(config, pool, workerFacts).files, "/etc/openstack-kubernetes/join.yaml"),
      ),
    ];
    const answers = documents.map((document, index) =>
      machine.kubeadm("config", "validate", "--config", machine.write(`${index}.yaml`, document)),
    );
    expect(answers).toEqual(documents.map(() => "ok\n"));
  });

  it("refuses a document with an unknown field, so that the tests above mean something", () => {
    const path = machine.write(
      "wrong.yaml",
      "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nnoSuchField: 1\n",
    );
    expect(() => machine.kubeadm("config", "validate", "--config", path)).toThrow(/unknown field "noSuchField"/);
  });

  it("issues leaves from the generated CAs and replaces none of them", () => {
    const openssl = (...args: string[]) =>
      execFileSync(tool("openssl"), args, { encoding: "utf8", stdio: "pipe", cwd: directory });
    const authority = (commonName: string) => {
      openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "key.pem");
      openssl(
        "req",
        "-x509",
        "-new",
        "-key",
        "key.pem",
        "-subj",
        `/CN=${commonName}`,
        "-days",
        "3650",
        "-out",
        "crt.pem",
      );
      return {
        certificatePem: readFileSync(join(directory, "crt.pem"), "utf8"),
        privateKeyPem: readFileSync(join(directory, "key.pem"), "utf8"),
      };
    };
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "sa.key");
    openssl("ec", "-in", "sa.key", "-pubout", "-out", "sa.pub");
    const held: ControlPlaneSecrets = {
      ...secrets,
      clusterCa: authority("kubernetes"),
      etcdCa: authority("etcd-ca"),
      frontProxyCa: authority("front-proxy-ca"),
      serviceAccount: {
        publicKeyPem: readFileSync(join(directory, "sa.pub"), "utf8"),
        privateKeyPem: readFileSync(join(directory, "sa.key"), "utf8"),
      },
    };

    machine.kubeadm(
      "init",
      "phase",
      "certs",
      "all",
      "--config",
      machine.layControlPlane({ kubernetes: { certSans: ["api.example.org"] } }, held),
    );

    const read = (name: string) => readFileSync(join(directory, "pki", name), "utf8");
    expect([
      read("ca.crt"),
      read("ca.key"),
      read("etcd/ca.crt"),
      read("front-proxy-ca.crt"),
      read("sa.key"),
      read("sa.pub"),
    ]).toEqual([
      held.clusterCa.certificatePem,
      held.clusterCa.privateKeyPem,
      held.etcdCa.certificatePem,
      held.frontProxyCa.certificatePem,
      held.serviceAccount.privateKeyPem,
      held.serviceAccount.publicKeyPem,
    ]);
    const leaves = {
      apiserver: "ca",
      "apiserver-kubelet-client": "ca",
      "front-proxy-client": "front-proxy-ca",
      "apiserver-etcd-client": "etcd/ca",
      "etcd/server": "etcd/ca",
      "etcd/peer": "etcd/ca",
      "etcd/healthcheck-client": "etcd/ca",
    };
    const chained = Object.entries(leaves).filter(([leaf, ca]) =>
      new X509Certificate(read(`${leaf}.crt`)).verify(new X509Certificate(read(`${ca}.crt`)).publicKey),
    );
    expect(Object.fromEntries(chained)).toEqual(leaves);
    const serving = new X509Certificate(read("apiserver.crt"));
    expect(["api.example.org", "localhost"].map((name) => serving.checkHost(name))).toEqual([
      "api.example.org",
      "localhost",
    ]);
    expect([address, "10.10.0.5", "127.0.0.1", "10.96.0.1"].map((ip) => serving.checkIP(ip))).toEqual([
      address,
      "10.10.0.5",
      "127.0.0.1",
      "10.96.0.1",
    ]);
    expect(serving.publicKey.asymmetricKeyType).toBe("ec");
  });

  it("writes static pods with our flags, and mounts what they name", () => {
    const config = machine.layControlPlane({ ...virtualIp, kubernetes: { encryptionAtRest: "aescbc" } });
    machine.writeStaticPods(config);

    const apiServer = machine.staticPod("kube-apiserver").spec.containers[0]!;
    const files = apiServer.command.flatMap(
      (argument) =>
        /^--(?:authentication-config|admission-control-config-file|encryption-provider-config|audit-policy-file|audit-log-path)=(.*)$/.exec(
          argument,
        )?.[1] ?? [],
    );
    expect(files).toHaveLength(5);
    const mounts = apiServer.volumeMounts.map(({ mountPath }) => mountPath);
    expect(files.filter((file) => !mounts.includes(dirname(file)))).toEqual([]);
    expect(apiServer.command).toEqual(
      expect.arrayContaining([
        `--advertise-address=${address}`,
        "--profiling=false",
        "--authorization-mode=Node,RBAC",
        "--secure-port=6443",
      ]),
    );
    expect(apiServer.command.filter((argument) => argument.startsWith("--anonymous-auth"))).toEqual([]);
    expect(machine.staticPod("kube-controller-manager").spec.containers[0]!.command).toEqual(
      expect.arrayContaining(["--allocate-node-cidrs=false", "--profiling=false"]),
    );
    expect(machine.staticPod("kube-scheduler").spec.containers[0]!.command).toContain("--profiling=false");
    expect(machine.staticPod("etcd").spec.containers[0]!.command).toEqual(
      expect.arrayContaining([
        "--heartbeat-interval=200",
        "--election-timeout=2000",
        "--listen-metrics-urls=http://0.0.0.0:2381",
      ]),
    );
  });

  it("writes into the API server's static pod what the agent would, so that a new machine changes nothing", () => {
    machine.writeStaticPods(machine.layControlPlane({}));
    const settings = JSON.parse(
      readFileSync(join(directory, "etc/openstack-kubernetes/api-server.json"), "utf8"),
    ) as Record<"command" | "env" | "volumeMounts" | "volumes", unknown[]>;
    const { containers, volumes } = machine.staticPod("kube-apiserver").spec;
    const pod = { ...containers[0]!, volumes };
    for (const part of ["command", "env", "volumeMounts", "volumes"] as const) {
      expect(settings[part].length).toBeGreaterThan(0);
      expect(pod[part]).toEqual(expect.arrayContaining(settings[part]));
    }
  });

  it("applies the SELinux patches to all four static pods", () => {
    const config = machine.layControlPlane({ ...rhel9, controlPlane: { flavor: "medium", replicas: 1 } });
    machine.writeStaticPods(config);
    const types = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"].map(
      (name) => machine.staticPod(name).spec.securityContext.seLinuxOptions?.type,
    );
    expect(types).toEqual(["spc_t", "spc_t", "spc_t", "spc_t"]);
  });

  it("wants the sandbox image that containerd is told to pin", () => {
    const images = machine
      .kubeadm("config", "images", "list", "--kubernetes-version", `v${kubeadmVersion}`)
      .split("\n");
    const config = sampleConfig({ kubernetes: { version: kubeadmVersion } });
    const toml = contentOf(
      renderWorkerUserData(config, poolTemplates(config)[0]!, workerFacts).files,
      "/etc/containerd/config.toml",
    );
    expect(images).toContain(/sandbox = "(.*)"/.exec(toml)?.[1]);
  });

  it("takes the bootstrap token and the pin of the CA as they are rendered", () => {
    const config = sampleConfig();
    const document = onMachine(
      renderWorkerUserData(config, poolTemplates(config)[0]!, workerFacts).files,
      "/etc/openstack-kubernetes/join.yaml",
    );
    const migrated = machine.kubeadm("config", "migrate", "--old-config", machine.write("join.yaml", document));
    const { discovery } = parseAllDocuments(migrated)[0]!.toJS() as {
      discovery: { bootstrapToken: { token: string }; tlsBootstrapToken: string };
    };
    expect([discovery.bootstrapToken.token, discovery.tlsBootstrapToken]).toEqual([bootstrapToken, bootstrapToken]);
  });
});
