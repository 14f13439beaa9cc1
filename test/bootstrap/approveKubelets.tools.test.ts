/**
 * Which requests for serving certificates a control-plane machine approves: the real script, on requests and an API
 * server's certificate that openssl writes, with a stand-in for kubectl. On real machines:
 * test/lab/machines/servingCertificates.ts.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { scriptFile } from "../../src/bootstrap/machineFile";
import { describeWithTools } from "../findTool";

const nodes: Readonly<Record<string, readonly [type: string, address: string][]>> = {
  "test-control-plane-0": [["InternalIP", "10.10.0.10"]],
  "test-workers-1": [
    ["InternalIP", "10.10.0.101"],
    ["InternalIP", "172.31.0.7"],
    ["ExternalIP", "203.0.113.101"],
    ["Hostname", "test-workers-1"],
    // What a kubelet has written into its own Node.
    ...["10.10.0.5", "10.10.0.12", "10.10.0.102", "10.96.0.1", "127.0.0.1", "198.51.100.9"].map(
      (address): [string, string] => ["InternalIP", address],
    ),
  ],
  "test-workers-2": [["InternalIP", "10.10.0.102"]],
};
const own = "DNS:test-workers-1,IP:10.10.0.101";

interface Asked {
  readonly names: string;
  readonly user?: string;
  readonly subject?: string;
  readonly groups?: readonly string[];
  /** The request itself, in place of what openssl writes. */
  readonly request?: string;
}

describeWithTools("requests of kubelets for serving certificates", ["python3", "openssl"], (tool) => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "approve-"));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
    return join(directory, path);
  };
  const openssl = (...words: string[]) =>
    execFileSync(tool("openssl"), words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], cwd: directory });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "/dev/null"];
  const requestOf = ({ names, subject = "/O=system:nodes/CN=system:node:test-workers-1" }: Asked) =>
    openssl("req", "-new", ...key, "-subj", subject, ...(names === "" ? [] : ["-addext", `subjectAltName=${names}`]));

  /** What the script does with one request, by kubectl's words. */
  function verdictOn(asked: Asked, { tlsBootstrap = true } = {}): string[] {
    const sans = ["10.10.0.10", "10.10.0.5", "10.96.0.1", "127.0.0.1", "198.51.100.9"].map((ip) => `IP:${ip}`);
    const names = ["DNS:kubernetes", "DNS:localhost", ...sans].join(",");
    write(
      "etc/kubernetes/pki/apiserver.crt",
      openssl("req", "-x509", ...key, "-subj", "/CN=a", "-addext", `subjectAltName=${names}`),
    );
    write("etc/openstack-kubernetes/bootstrap.env", "ENDPOINT='10.10.0.5:6443'\nAPI_PORT='6443'\n");
    write("etc/openstack-kubernetes/peers", "test-control-plane-0 10.10.0.10\ntest-control-plane-1 10.10.0.12\n");
    write("var/lib/kubelet/config.yaml", tlsBootstrap ? "serverTLSBootstrap: true\n" : "kind: KubeletConfiguration\n");
    const { user = "system:node:test-workers-1", groups = ["system:nodes"], request = requestOf(asked) } = asked;
    const spec = { username: user, groups, request: Buffer.from(request, "latin1").toString("base64") };
    const answered = { metadata: { name: "answered" }, spec, status: { conditions: [{ type: "Approved" }] } };
    write("csr.json", JSON.stringify({ items: [answered, { metadata: { name: "csr-1" }, spec, status: {} }] }));
    const items = Object.entries(nodes).map(([name, addresses]) => ({
      metadata: { name },
      status: { addresses: addresses.map(([type, address]) => ({ type, address })) },
    }));
    write("nodes.json", JSON.stringify({ items }));
    const kubectl = `#!/bin/sh\nshift 6\necho "$*" >>${directory}/calls\ncase $1 in get) cat "${directory}/$2.json" ;; esac\n`;
    chmodSync(write("bin/kubectl", kubectl), 0o755);
    const script = scriptFile("approve-kubelets.py").content.replace(/"\/(etc|var)\//g, `"${directory}/$1/`);
    execFileSync(tool("python3"), ["-I", write("approve.py", script)], {
      env: { PATH: `${directory}/bin:${process.env.PATH ?? ""}` },
      stdio: "pipe",
    });
    const calls = existsSync(join(directory, "calls")) ? readFileSync(join(directory, "calls"), "utf8") : "";
    return calls.split("\n").filter((call) => call.startsWith("certificate"));
  }

  it.each<[string, Asked]>([
    ["its name and its address", { names: own }],
    ["its address alone", { names: "IP:10.10.0.101" }],
    ["an extra network and a floating IP of its own", { names: `${own},IP:172.31.0.7,IP:203.0.113.101` }],
    [
      "its own address, on the control plane",
      {
        names: "DNS:test-control-plane-0,IP:10.10.0.10",
        user: "system:node:test-control-plane-0",
        subject: "/O=system:nodes/CN=system:node:test-control-plane-0",
      },
    ],
  ])("are approved for %s", (_, asked) => {
    expect(verdictOn(asked)).toEqual(["certificate approve csr-1"]);
  });

  it.each<[string, Asked]>([
    ["another node's name", { names: "DNS:test-workers-2,IP:10.10.0.101" }],
    ["a name that begins with its own", { names: "DNS:test-workers-10,IP:10.10.0.101" }],
    ["a name that its own begins with", { names: "DNS:test-workers,IP:10.10.0.101" }],
    ["a name below its own", { names: "DNS:test-workers-1.example.org,IP:10.10.0.101" }],
    ["another name behind its own", { names: `${own},DNS:kubernetes.default.svc` }],
    ["a wildcard", { names: "DNS:*,IP:10.10.0.101" }],
    ["the endpoint's address", { names: `${own},IP:10.10.0.5` }],
    ["a control-plane machine's address", { names: `${own},IP:10.10.0.12` }],
    ["this API server's address", { names: `${own},IP:10.10.0.10` }],
    ["the API's address in the cluster", { names: `${own},IP:10.96.0.1` }],
    ["a further address of the API, outside", { names: `${own},IP:198.51.100.9` }],
    ["loopback", { names: `${own},IP:127.0.0.1` }],
    ["another node's address, which its own Node has too", { names: `${own},IP:10.10.0.102` }],
    ["an address that no Node has", { names: `${own},IP:10.10.0.200` }],
    ["an IPv6 form of an address", { names: `${own},IP:::ffff:10.10.0.102` }],
    ["an e-mail address", { names: `${own},email:a@example.org` }],
    ["a URI", { names: `${own},URI:https://kubernetes.default.svc` }],
    ["another common name", { names: own, subject: "/O=system:nodes/CN=system:node:test-workers-2" }],
    ["a second common name", { names: own, subject: "/O=system:nodes/CN=system:node:test-workers-1/CN=admin" }],
    ["another organisation", { names: own, subject: "/O=system:masters/CN=system:node:test-workers-1" }],
    ["nothing", { names: "" }],
    ["a user that is no node", { names: own, user: "oidc:mallory" }],
    ["a user that only has a node's name", { names: own, groups: ["system:authenticated"] }],
    [
      "what is no request",
      { names: own, request: "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----" },
    ],
    ["what cannot be read", { names: own, request: "\u0000\u00ff" }],
  ])("are denied for %s", (_, asked) => {
    expect(verdictOn(asked)).toEqual(["certificate deny csr-1"]);
  });

  it("are denied where a second request hides behind the first", () => {
    const request = requestOf({ names: own }) + requestOf({ names: "DNS:test-workers-2" });
    expect(verdictOn({ names: own, request })).toEqual(["certificate deny csr-1"]);
  });

  it("are left alone where kubelets sign for themselves", () => {
    expect(verdictOn({ names: own }, { tlsBootstrap: false })).toEqual([]);
  });
});
