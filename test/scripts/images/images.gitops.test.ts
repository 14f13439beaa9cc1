/**
 * `npm run images` with the programs that it calls, on real registries: the page on a site without internet, its
 * commands letter for letter, from upstream through a folder into the site's registry. Upstream is a stand-in (a layer
 * of one file for every image; charts that cannot be had are one Deployment each), so an image that is named by its
 * digest cannot be had: it is the one that is missing. Not proven: that a cluster comes up with what is pushed.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { distinctCharts } from "../../../scripts/images/charts";
import { foundParts } from "../../../scripts/images/foundParts";
import { ImageFolder } from "../../../scripts/images/imageFolder";
import { parseReference, placeInFolder } from "../../../scripts/images/imageReference";
import { stackContent, withUpstreamCharts } from "../../../scripts/images/stackCharts";
import { parseClusterConfig } from "../../../src/config/parse";
import { readStackFile } from "../../../src/config/stackFile";
import { inParallel } from "../../../src/engine/inParallel";
import { commandBlocks, commandsRunBy } from "../../docs/runbooks";
import { HelmCharts, helm, moduleChartFolders } from "../../gitops/helmCharts";
import { describeWith, repositoryFolder, siteFolder, toolFolder } from "../../gitops/toolbox";
import { packChart } from "./chartArchives";
import { StandInInternet } from "./standInInternet";

jest.setTimeout(300_000);

const page = "docs/how-to/air-gapped-site.md";
const crane = join(toolFolder("registry"), "crane");
const flux = join(toolFolder("definitions"), "flux-cli");
const kubeadm = join(siteFolder("kubernetes"), "kubeadm");

interface Listed {
  readonly images: readonly { readonly image: string; readonly usedBy: readonly string[] }[];
  readonly charts: readonly { readonly chart: string; readonly version: string; readonly source: string }[];
}

describeWith([crane, flux, helm, kubeadm, ...moduleChartFolders])("the images of a stack", () => {
  const folder = mkdtempSync(join(tmpdir(), "images-test-"));
  const bin = join(folder, "bin");
  const stackFile = join(folder, "Pulumi.dev.yaml");
  const airGap = join(folder, "air-gap");
  const layer = join(folder, "layer.tar");
  let internet: StandInInternet;
  let listed: Listed;
  let pinned: readonly string[];

  const images = (...args: readonly string[]) =>
    internet.run(process.execPath, [
      "-r",
      join(repositoryFolder, "scripts/typescript.js"),
      join(repositoryFolder, "scripts/images.ts"),
      ...args,
      ...["--config", stackFile],
    ]);
  /** Runs the block of the page with this verb. */
  const block = (verb: string) => {
    const commands = commandsRunBy(__filename, page).find((text) => text.includes(`-- ${verb} `));
    const script = `npm() { shift 3; node -r ./scripts/typescript.js scripts/images.ts "$@" --config "$STACK_FILE"; }`;
    const shell = `cd "$REPOSITORY"\n${script}\n${String(commands)}`;
    return internet.run("bash", ["-c", shell], { REPOSITORY: repositoryFolder, STACK_FILE: stackFile });
  };
  const inFolder = (image: string) => join(airGap, placeInFolder(parseReference(image)!));
  const problems = (stdout: string) => stdout.trim().split("\n").slice(0, -1);
  const summary = (stdout: string) => stdout.trim().split("\n").at(-1);

  beforeAll(async () => {
    mkdirSync(bin);
    for (const [name, program] of Object.entries({ crane, flux, helm, kubeadm })) symlinkSync(program, join(bin, name));
    process.env.PATH = `${bin}:${process.env.PATH}`;
    writeFileSync(stackFile, stringify(stack()));
    writeFileSync(join(folder, "file"), "stands for a program\n");
    execFileSync("tar", ["-cf", layer, "-C", folder, "file"]);

    const { values, problems: wrong } = readStackFile(stackFile);
    const config = withUpstreamCharts(parseClusterConfig(values, "dev", { problems: wrong }));
    const uses = distinctCharts((await stackContent(config, repositoryFolder)).charts);
    const hosts = [...new Set(uses.flatMap(({ source }) => /^https:\/\/([^/]+)/.exec(source)?.[1] ?? []))];
    const registries = config.registryMirrors.map(({ registry }) => registry);
    internet = await StandInInternet.start(folder, bin, registries, hosts);
    const charts = new HelmCharts();
    try {
      // One after the other: an index is written again with each.
      for (const use of uses) await internet.publish(packChart(use, charts, folder), use.source);
    } finally {
      charts.remove();
    }
    const { code, stdout, stderr } = await images("list", "dev", "--json");
    if (code !== 0) throw new Error(stderr);
    listed = JSON.parse(stdout) as Listed;
    pinned = listed.images.flatMap(({ image }) => (image.includes("@") ? [image] : []));
    await inParallel(
      listed.images.filter(({ image }) => !image.includes("@")),
      ({ image }) => internet.publishImage(image, layer),
    );
  }, 600_000);

  afterAll(async () => {
    await internet?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** dev with what the page adds, for the kubeadm that the tests have. */
  function stack(): object {
    const version = execFileSync(kubeadm, ["version", "-o", "short"], { encoding: "utf8" }).trim().slice(1);
    const dev = parse(readFileSync(join(repositoryFolder, "Pulumi.dev.yaml"), "utf8")) as { config: object };
    const text = readFileSync(join(repositoryFolder, page), "utf8");
    const added = parse(/```yaml\n(config:[\s\S]*?)```/.exec(text)?.[1] ?? "") as { config: object };
    const own = "openstack-kubernetes:";
    return {
      config: {
        ...dev.config,
        ...added.config,
        [`${own}kubernetes`]: { version },
        [`${own}cloudProvider`]: { authUrl: "https://keystone.example.org:5000/v3", region: "RegionOne" },
        [`${own}credentials`]: { openstack: { id: "id", secret: { secure: "AAABAencrypted" } } },
      },
    };
  }

  it("are those of its releases, of kubeadm, of gitops/ and of what controllers start, each with who runs it", () => {
    const usedBy = new Map(listed.images.map(({ image, usedBy: by }) => [image, by]));
    expect([...usedBy.keys()].filter((image) => image.startsWith("quay.io/jetstack/"))).toEqual([
      "quay.io/jetstack/cert-manager-acmesolver:v1.21.2",
      "quay.io/jetstack/cert-manager-cainjector:v1.21.2",
      "quay.io/jetstack/cert-manager-controller:v1.21.2",
      "quay.io/jetstack/cert-manager-startupapicheck:v1.21.2",
      "quay.io/jetstack/cert-manager-webhook:v1.21.2",
    ]);
    expect(Object.fromEntries(usedBy)).toMatchObject({
      "docker.io/bluebrain/nexus-delta:1.10.0": ["release nexus"],
      "docker.io/curlimages/curl:8.16.0": ["gitops"],
      "docker.io/envoyproxy/gateway:v1.9.1": ["release envoy-gateway"],
      "quay.io/calico/node:v3.32.1": ["started by a controller"],
      "registry.k8s.io/sig-storage/livenessprobe:v2.17.0": expect.arrayContaining(["gitops"]) as unknown,
    });
    expect([...usedBy].filter(([, by]) => by.includes("kubeadm")).map(([image]) => image.split(":")[0])).toEqual(
      [
        "coredns/coredns",
        "etcd",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-proxy",
        "kube-scheduler",
        "pause",
      ].map((name) => `registry.k8s.io/${name}`),
    );
    expect(pinned.map((image) => image.split(":")[0])).toEqual([
      "docker.io/envoyproxy/envoy",
      ...["helm", "kustomize", "notification", "source"].map((name) => `ghcr.io/fluxcd/${name}-controller`),
    ]);
  });

  it("are listed line by line, with the charts and where those come from", async () => {
    const { code, stdout } = await block("list");
    expect(code).toBe(0);
    const lines = stdout.trim().split("\n");
    expect(lines).toHaveLength(listed.images.length + listed.charts.length);
    expect(lines).toContain("chart cert-manager v1.21.2  (https://charts.jetstack.io)");
    expect(lines).toContain("chart gateway-helm v1.9.1  (oci://docker.io/envoyproxy)");
  });

  it("come from upstream into a folder, and those that cannot be had are named all at once", async () => {
    const { code, stdout } = await block("pull");
    expect([code, problems(stdout).map((line) => line.split(": ")[0])]).toEqual([1, pinned]);
    const { length } = listed.images;
    expect(summary(stdout)).toBe(
      `${length - pinned.length} of ${length} images are in ${airGap}, with ${listed.charts.length} charts.`,
    );
  });

  it("in a folder are enough for some parts of the platform, and each other part is known with what it lacks", async () => {
    const { values, problems: wrong } = readStackFile(stackFile);
    const config = parseClusterConfig(values, "dev", { problems: wrong });
    const parts = await foundParts(config, repositoryFolder, new ImageFolder(airGap));
    const lacking = parts.filter(({ missing }) => missing.length > 0);
    expect(Object.fromEntries(lacking.map(({ name, missing }) => [name, missing]))).toEqual({
      flux: pinned.filter((image) => image.includes("fluxcd")),
      controllers: pinned.filter((image) => image.includes("envoyproxy")),
    });
    const byName = new Map(parts.map((part) => [part.name, part]));
    expect(byName.get("cni")?.images).toContain("quay.io/calico/node:v3.32.1");
    expect(byName.get("ingress")).toMatchObject({ owner: "flux", dependsOn: ["certificates"] });
  });

  it("go from the folder into the registries that the stack names, also as archives of either form", async () => {
    const [first = "", second = ""] = listed.images
      .filter(({ image }) => !image.includes("@"))
      .map(({ image }) => image);
    execFileSync("tar", ["-cf", `${inFolder(first)}.tar`, "-C", inFolder(first), "."]);
    await internet.output("crane", ["pull", "--format", "tarball", second, `${inFolder(second)}.tar`]);
    for (const image of [first, second]) rmSync(inFolder(image), { recursive: true });
    const { code, stdout } = await block("push");
    expect([code, problems(stdout)]).toEqual([1, pinned.map((image) => `${image}: missing in the folder`)]);
    const { length } = listed.images;
    expect(summary(stdout)).toBe(
      `${length - pinned.length + listed.charts.length} of ${length + listed.charts.length} are in the registry.`,
    );
    for (const image of [first, second])
      expect(await internet.output("crane", ["digest", `registry.example.org/mirror/${image}`])).toMatch(/^sha256:/);
  });

  it("are found in the registry, but for those that are missing", async () => {
    const { code, stdout } = await block("verify");
    expect([code, problems(stdout)]).toEqual([1, pinned.map((image) => `${image}: missing in registry.example.org`)]);
  });

  it("are named when the registry has another one, or another chart, than the folder", async () => {
    const [image = ""] = listed.images
      .filter(({ usedBy }) => usedBy.includes("release cert-manager"))
      .map((of) => of.image);
    const place = `registry.example.org/mirror/${image}`;
    const wanted = (await internet.output("crane", ["digest", place])).trim();
    writeFileSync(join(folder, "file"), "another program\n");
    execFileSync("tar", ["-cf", layer, "-C", folder, "file"]);
    await internet.publishImage(place, layer);
    const found = (await internet.output("crane", ["digest", place])).trim();
    const archive = join(airGap, "charts", "cert-manager-v1.21.2.tgz");
    renameSync(archive, `${archive}.kept`);
    execFileSync("tar", ["-xf", `${archive}.kept`, "-C", folder]);
    writeFileSync(join(folder, "cert-manager", "NOTES"), "somebody was here\n");
    execFileSync(helm, ["package", join(folder, "cert-manager"), "--destination", join(airGap, "charts")]);
    try {
      const { code, stdout } = await images("verify", "dev", "--from", airGap);
      expect(code).toBe(1);
      expect(problems(stdout).filter((line) => !line.includes("missing"))).toEqual([
        `${image}: registry.example.org has ${found} instead of ${wanted}`,
        "chart cert-manager v1.21.2: registry.example.org has another archive than the folder",
      ]);
    } finally {
      renameSync(`${archive}.kept`, archive);
    }
  });

  it("of a chart that is missing are said to be unknown, and the chart is named", async () => {
    const manifest = "registry.example.org/charts/kyverno:3.9.1";
    await internet.output("crane", ["delete", manifest]);
    const { code, stdout, stderr } = await images("verify", "dev");
    expect(code).toBe(1);
    expect(problems(stdout)).toContain("chart kyverno 3.9.1: missing in registry.example.org");
    expect(stdout).not.toContain("kyverno/kyverno");
    expect(stderr).toContain("The images of charts that are missing are not known and not looked for.");
  });

  it("need programs that are named with where to get them, all that are absent at once", async () => {
    const { code, stderr } = await internet.run(
      process.execPath,
      ["-r", "./scripts/typescript.js", "scripts/images.ts", "pull", "dev", "--to", airGap],
      { PATH: "/nonexistent" },
    );
    expect(code).toBe(1);
    expect(stderr.split("\n").map((line) => line.split(": ")[0]?.trim())).toEqual(
      expect.arrayContaining(["crane", "flux", "helm", "kubeadm"]),
    );
  });

  it("need a kubeadm of the stack's own version", async () => {
    const { stderr } = await internet.run(process.execPath, [
      ...["-r", "./scripts/typescript.js", "scripts/images.ts", "list", "dev"],
    ]);
    expect(stderr).toMatch(/kubeadm in PATH is v1\.\d+\.\d+ but the stack has Kubernetes v1\.\d+\.\d+/);
  });
});

describe("the page on a site without internet", () => {
  it("has no block of shell that nobody runs", () => {
    expect(commandBlocks(page).filter(({ marker }) => marker === undefined)).toEqual([]);
  });
});
