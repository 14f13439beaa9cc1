/**
 * The commands of docs/runbooks/registry-away.md on two real containerds with the machines' configuration, and a
 * registry of a few lines that goes away. `ssh NODE` and `ssh OTHER` choose between them. Not proven: that a kubelet
 * starts a container of the image.
 */
import { execFile, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { renderContainerdConfig, renderHostsToml } from "../../src/bootstrap/containerdConfig";
import { rhel9, sampleConfig } from "../bootstrap/samples";
import { eventually, Processes } from "../gitops/live/processes";
import { describeWith, siteFolder } from "../gitops/toolbox";
import { commandsRunBy } from "./runbooks";
import { repositoryFolder } from "./textFiles";

jest.setTimeout(180_000);

const page = "docs/runbooks/registry-away.md";
const containerd = join(siteFolder("containerd"), "containerd");
const ctr = join(siteFolder("containerd"), "ctr");
const crictl = join(siteFolder("cri-tools"), "crictl");
const image = "quay.invalid/team/app:1.0.0";
const certificates = "/etc/containerd/certs.d";

/** Blobs of an image for this computer and for another kind that is never fetched, by digest; "1.0.0" is its index. */
function imageBlobs(layer: Buffer): Map<string, Buffer> {
  const blobs = new Map<string, Buffer>();
  const add = (content: Buffer, mediaType: string) => {
    const digest = `sha256:${createHash("sha256").update(content).digest("hex")}`;
    blobs.set(digest, content);
    return { mediaType, digest, size: content.length };
  };
  const json = (value: object) => Buffer.from(JSON.stringify(value));
  const type = (name: string) => `application/vnd.oci.image.${name}`;
  const tar = add(layer, type("layer.v1.tar"));
  const architecture = process.arch === "arm64" ? "arm64" : "amd64";
  const config = { architecture, os: "linux", rootfs: { type: "layers", diff_ids: [tar.digest] }, config: {} };
  const manifest = {
    schemaVersion: 2,
    mediaType: type("manifest.v1+json"),
    config: add(json(config), type("config.v1+json")),
    layers: [tar],
  };
  const described = add(json(manifest), manifest.mediaType);
  const absent = { ...described, digest: `sha256:${"0".repeat(64)}`, platform: { architecture: "s390x", os: "linux" } };
  const manifests = [{ ...described, platform: { architecture, os: "linux" } }, absent];
  const index = json({ schemaVersion: 2, mediaType: type("index.v1+json"), manifests });
  add(index, type("index.v1+json"));
  blobs.set("1.0.0", index);
  return blobs;
}

/** What a pull asks of a registry. */
function startRegistry(blobs: ReadonlyMap<string, Buffer>): Promise<Server> {
  const server = createServer(({ url = "", method }, response) => {
    const found = blobs.get(/[^/?]+(?=\?|$)/.exec(url)?.[0] ?? "");
    if (found === undefined) return void response.writeHead(url.startsWith("/v2/?") ? 200 : 404).end();
    const { mediaType = "application/octet-stream" } = url.includes("/manifests/")
      ? (JSON.parse(found.toString()) as { mediaType: string })
      : {};
    response.writeHead(200, { "content-type": mediaType, "content-length": found.length });
    response.end(method === "HEAD" ? undefined : found);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

describeWith([containerd, ctr, crictl])("images of a machine", () => {
  const folder = mkdtempSync(join(tmpdir(), "image-commands-"));
  const processes = new Processes(folder);
  const folderOf = (machine: string) => join(folder, machine);
  const [look = "", copy = ""] = commandsRunBy(__filename, page);
  let registry: Server;

  beforeAll(async () => {
    expect(process.getuid?.()).toBe(0);
    writeFileSync(join(folder, "file"), "content\n");
    const layer = spawnSync("tar", ["-cf", "-", "-C", folder, "file"]).stdout;
    registry = await startRegistry(imageBlobs(layer));
    const mirror = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
    const endpoints = [mirror.replace("//", "//reader:s3cret@")];
    const hosts = renderHostsToml({ registry: "quay.invalid", endpoints, overridePath: false });
    for (const machine of ["NODE", "OTHER"]) {
      const own = folderOf(machine);
      const hostsFile = join(own, "certs.d/quay.invalid/hosts.toml");
      mkdirSync(dirname(hostsFile), { recursive: true });
      writeFileSync(hostsFile, hosts);
      const rendered = renderContainerdConfig(sampleConfig(rhel9)).replace(certificates, join(own, "certs.d"));
      const places = `root = "${own}/root"\nstate = "${own}/state"\n`;
      // What the computer of the test may lack: SELinux.
      const config = rendered
        .replace("version = 3\n", `version = 3\n${places}`)
        .replace("selinux = true", "selinux = false");
      writeFileSync(join(own, "config.toml"), `${config}[grpc]\naddress = "${own}/socket"\n`);
      processes.start(machine, containerd, ["--config", join(own, "config.toml")]);
    }
    for (const machine of ["NODE", "OTHER"])
      await eventually(
        `containerd of ${machine}`,
        60,
        async () => ((await run(`ssh ${machine} 'sudo crictl images'`)).status === 0 ? true : undefined),
        () => processes.tail(machine),
      );
  });
  afterAll(async () => {
    registry?.close();
    await processes.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A failure in a pipe counts. */
  function run(
    commands: string,
  ): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> {
    const prelude = `
set -o pipefail
ssh() (
  export CONTAINERD_ADDRESS="$FOLDER/$1/socket"
  export CONTAINER_RUNTIME_ENDPOINT="unix://$CONTAINERD_ADDRESS" IMAGE_SERVICE_ENDPOINT="unix://$CONTAINERD_ADDRESS"
  eval "\${2//\\/etc\\/containerd/$FOLDER/$1}"
)
sudo() { "$@"; }
ctr() { "$CTR" "$@"; }
crictl() { "$CRICTL" "$@"; }
`;
    const env = { PATH: process.env.PATH, HOME: folder, FOLDER: folder, CTR: ctr, CRICTL: crictl };
    return new Promise((resolve) => {
      const script = `${prelude}${commands.replaceAll("IMAGE", image)}`;
      execFile("bash", ["-c", script], { env, timeout: 120_000 }, (error, stdout, stderr) =>
        resolve({ status: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
      );
    });
  }

  /** What it prints; a failure is shown with it. */
  async function succeeds(commands: string): Promise<string> {
    const { status, stdout, stderr } = await run(commands);
    expect(status === 0 ? "" : stderr).toBe("");
    return stdout;
  }

  it("come from a mirror, which is named without its password", async () => {
    const stdout = await succeeds(look);
    expect(stdout).toMatch(/hosts\.toml:\[host\."http:\/\/127\.0\.0\.1:\d+\/"\]\n[^]*Image is up to date for /);
    expect(stdout).not.toMatch(/s3cret|Basic/);
  });

  it("are copied from the machine that has one to another, when the mirror is away", async () => {
    registry.closeAllConnections();
    await new Promise((resolve) => registry.close(resolve));
    const pull = await run(look.replaceAll("NODE", "OTHER"));
    expect(pull.status).not.toBe(0);
    const said = ["connection refused", "no such host"].filter((words) => pull.stderr.includes(words));
    expect(said).not.toEqual([]);
    const text = readFileSync(join(repositoryFolder, page), "utf8");
    for (const words of said) expect(text).toContain(`\`${words}\``);
    const before = await run("ssh OTHER 'sudo crictl images'");
    expect(before.stdout).not.toContain("quay.invalid/team/app");
    await succeeds(copy);
    const after = await eventually("the image", 30, async () => {
      const { stdout } = await run("ssh OTHER 'sudo crictl images'");
      return stdout.includes("quay.invalid/team/app") ? stdout : undefined;
    });
    expect(after).toMatch(/quay\.invalid\/team\/app +1\.0\.0 /);
  });
});
