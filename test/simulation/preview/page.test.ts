/** The preview's page. How it looks in a browser is not shown: light, dark and narrow were looked at by hand. */
import { join } from "node:path";
import { parse } from "yaml";
import { differenceOf } from "../../../simulation/preview/difference";
import { machineDocuments } from "../../../simulation/preview/machineDocuments";
import { withSecretsHidden } from "../../../simulation/preview/page/hiddenSecrets";
import { renderPage } from "../../../simulation/preview/page/renderPage";
import { pictureFacts } from "../../../simulation/preview/picture/facts";
import { renderPicture } from "../../../simulation/preview/picture/renderPicture";
import type { Preview } from "../../../simulation/preview/report";
import { readStack, runStack, type StackInput } from "../../../simulation/preview/run";
import { totalsOf } from "../../../simulation/preview/totals";
import type { PreviousRun } from "../../../simulation/previousRun";
import { Simulated } from "../../../simulation/simulated";
import { plannedChanges, recordedConfigurations } from "../../../simulation/preview/plannedChanges";
import { parseClusterConfig } from "../../../src/config/parse";
import { reportOf } from "../../../src/consequences/consequenceReport";
import { fixturePath } from "../../config/fixtures";
import { repositoryFolder } from "../../docs/textFiles";

jest.setTimeout(120_000);

const dev = readStack("dev", join(repositoryFolder, "Pulumi.dev.yaml"));

async function previewOf(input: StackInput, before?: PreviousRun, name = "main"): Promise<Preview> {
  const run = await runStack(input, before, () => undefined);
  const difference = differenceOf(run, before, name);
  const plan = {
    stack: input.stack,
    changes: plannedChanges(run, before),
    unchanged: difference.unchanged,
    recorded: recordedConfigurations(run, before),
    warnings: input.notes,
  };
  const { clusterName, roll, allowDestruction } = input.config;
  const report = reportOf(plan, { clusterName, roll, allowDestruction, drains: true });
  return { stack: input.stack, run, notes: input.notes, totals: totalsOf(run, {}), difference, report };
}

const pageOf = (preview: Preview, input = dev) =>
  renderPage(preview, renderPicture(pictureFacts(input.config, preview.run, preview.difference)));

/** Elements that begin, with their attributes, and whether each ends where it should. */
function elementsOf(page: string): string[] {
  const open: string[] = [];
  const found: string[] = [];
  const withoutStyles = page.replace(/<style>[^<]*<\/style>/g, "");
  for (const [tag, slash, name = ""] of withoutStyles.matchAll(/<(\/?)([a-zA-Z][\w-]*)[^>]*>/g)) {
    if (slash === "/") expect(`</${open.pop() ?? ""}>`).toBe(tag);
    else {
      found.push(tag);
      if (!tag.endsWith("/>") && !["meta", "br"].includes(name)) open.push(name);
    }
  }
  expect(open).toEqual([]);
  return found;
}

describe("the page of a change", () => {
  it("has what changes with its weight, the picture, the totals, the tree, and the files of each pool", async () => {
    const before = (await runStack(dev, undefined, () => undefined)).toPrevious();
    const [general] = dev.values.nodePools as readonly object[];
    const values = { ...dev.values, nodePools: [{ ...general, count: 2 }], kubernetes: { maxPodsPerNode: 60 } };
    const input = { ...dev, values, config: parseClusterConfig(values, "dev") };
    const page = pageOf(await previewOf(input, before), input);
    const machine = '<details class="file"><summary><code>/etc/openstack-kubernetes/kubelet/settings.conf</code>';
    for (const part of [
      ...["0 to create", "1 to delete", "(compared with main)"],
      "<code>kubernetes.maxPodsPerNode: 110 -&gt; 60</code><br>Takes effect on machines that run.",
      "<code>dev-general-2</code> is deleted with its disks: ",
      '<span class="weight destructive">(destructive, refused by <code>npm run consequences</code> unless',
      "<h3>Deleted</h3><ul><li>Instance dev-general-2</li></ul>",
      "<title>The cluster dev</title>",
      "<dt>machines</dt><dd>5: ",
      "<summary><b>Cluster</b> dev</summary>",
      '<span class="sign sign-same"> </span>Network dev <span class="quiet">(protected)</span>',
      "<h3>general</h3><p>2 machines: dev-general-0, dev-general-1</p>",
      "<p>3 machines: dev-control-plane-0 … dev-control-plane-2</p>",
      "maxPods: 60",
      "<summary><code>Release dev-calico</code></summary><pre>atomic: true\nchart: tigera-operator\n",
    ])
      expect(page).toContain(part);
    expect(page.split(machine)).toHaveLength(3);
    // The content of files stands once, below each file's name.
    expect(page.split("Description=Turn this machine into a Kubernetes node")).toHaveLength(3);
    elementsOf(page);
  });

  it("says so where the program brings nothing to Kubernetes", async () => {
    const { flux, ...rest } = dev.values;
    expect(flux).toBeDefined();
    const values = { ...rest, cni: { kind: "none" } };
    const page = pageOf(await previewOf({ ...dev, values, config: parseClusterConfig(values, "dev") }));
    expect(page).toContain("<h2>What Kubernetes gets</h2>\n<p>Nothing: ");
  });

  it("needs nothing else: no script, no style or picture from elsewhere, and a browser would refuse them", async () => {
    const page = pageOf(await previewOf(dev));
    const elements = elementsOf(page);
    expect(
      elements.filter((tag) => /^<(script|link|img|iframe|object|embed|base|form|use|image)\b/i.test(tag)),
    ).toEqual([]);
    const attributes = elements.flatMap((tag) => [...tag.matchAll(/\s([\w:-]+)="([^"]*)"/g)]);
    const named = (name: string) => attributes.flatMap(([, key, value]) => (key === name ? [value] : []));
    expect(attributes.filter(([, key = ""]) => /^(on|src|style$|xlink)/.test(key))).toEqual([]);
    expect(named("href").filter((value) => !/^#[a-z]+$/.test(value ?? ""))).toEqual([]);
    for (const [, sheet = ""] of page.matchAll(/<style>([^<]*)<\/style>/g)) expect(sheet).not.toMatch(/url\(|@import/);
    expect(named("content")).toContain("default-src 'none'; style-src 'unsafe-inline'");
  });
});

describe("a secret on the page", () => {
  it.each(["platform", "endpoint-virtual-ip"])("is not there, in plain or encoded, for %s", async (name) => {
    const input = readStack("dev", fixturePath("valid", name));
    const preview = await previewOf(input);
    const page = pageOf(preview, input);
    const { run } = preview;
    const made = ["PrivateKey", "RandomPassword"].flatMap((type) =>
      run.ofType(type).flatMap(({ outputs }) => [outputs.privateKeyPem, outputs.result]),
    );
    const files = machineDocuments(run).flatMap(({ files: own = [] }) => own);
    const fileOf = (path: string) => files.find((file) => file.path.endsWith(path))?.content ?? "";
    const encryption = parse(fileOf("encryption.yaml")) as {
      resources: [{ providers: [{ secretbox: { keys: [{ secret: string }] } }] }];
    };
    const secrets = [
      ...made.filter((value): value is string => typeof value === "string"),
      encryption.resources[0].providers[0].secretbox.keys[0].secret,
      /token: (\S+)/.exec(fileOf("join.yaml"))![1]!,
    ];
    expect(secrets.length).toBeGreaterThan(8);
    // The last line of a key is of its public half, which stands beside it.
    const lines = secrets.flatMap((secret) =>
      secret.includes("PRIVATE KEY") ? secret.trim().split("\n").slice(1, -2) : [secret],
    );
    expect(lines.every((line) => line.length >= 6)).toBe(true);
    const encoded = [...secrets, ...lines].map((secret) => Buffer.from(secret).toString("base64"));
    expect([...lines, ...encoded].filter((secret) => page.includes(secret))).toEqual([]);
    expect(page).not.toMatch(/PRIVATE KEY|H4sI/);
    expect(page).toContain("token: [secret]");
    const objects = run.ofType("kubernetes:core/v1:Secret").map((secret) => `<code>Secret ${secret.name}</code>`);
    expect(objects.filter((heading) => !page.includes(heading))).toEqual([]);
    expect(page.split("\ndata: &quot;[secret]&quot;\n")).toHaveLength(objects.length + 1);
  });

  it.each(["platform", "etcd-backup"])(
    "leaves no trace: two runs with other keys differ in what is public, for %s",
    async (name) => {
      const input = readStack("dev", fixturePath("valid", name));
      const pages = [pageOf(await previewOf(input), input), pageOf(await previewOf(input), input)];
      // Certificates, public keys, their digests, and the length of compressed user data.
      const withoutPublic = pages.map((page) =>
        page
          .replace(/-----BEGIN (CERTIFICATE|PUBLIC KEY)-----[^]*?-----END \1-----/g, "")
          .replace(/sha256:[0-9a-f]{64}/g, "")
          .replace(/\d+( of \d+)? bytes/g, ""),
      );
      expect(pages[0]).not.toBe(pages[1]);
      expect(withoutPublic[0]).toBe(withoutPublic[1]);
    },
  );

  it("goes by its name in a file for root alone, and scripts stay as they are", () => {
    const content = 'password: letmein\nkind: Secret\n  - token: abc\nAWS_SECRET=\'x y\'\n"client-key-data": "QQ=="\n';
    expect(withSecretsHidden({ content, permissions: "0600" }, [])).toBe(
      'password: [secret]\nkind: Secret\n  - token: [secret]\nAWS_SECRET=[secret]\n"client-key-data": [secret]\n',
    );
    expect(withSecretsHidden({ content, permissions: "0755" }, [])).toBe(content);
    expect(withSecretsHidden({ content: "a c2VjcmV0 secret", permissions: "0644" }, ["secret"])).toBe(
      "a [secret] [secret]",
    );
  });
});

describe("a hostile text on the page", () => {
  it("adds no element, whatever name, note, path or content it is in", async () => {
    const hostile = `"'></code></summary></pre></title></style></svg><script>alert(1)</script><img src=x onerror=y>&\``;
    const preview = await previewOf(dev);
    const { run } = preview;
    const cloudConfig = `#cloud-config\nwrite_files:\n  - path: ${JSON.stringify(`/${hostile}`)}\n    content: ${JSON.stringify(hostile)}\n`;
    const resources = run.resources.map((resource) => ({
      ...resource,
      name: resource.custom ? `${resource.name}${hostile}` : hostile,
      ...(resource.inputs.userData === undefined
        ? {}
        : { inputs: { ...resource.inputs, userData: cloudConfig, name: hostile } }),
    }));
    const changed = new Simulated(resources, run.outputs, run.secretOutputs, [], run.hooks, run.seed, run.subnets);
    const removed = [{ urn: "urn", type: `a:b:${hostile}`, name: hostile, inputs: [] }];
    const difference = { ...preview.difference, removed, comparedWith: hostile };
    const finding = { weight: "disruptive", what: hostile, names: [hostile], message: hostile, allowed: true } as const;
    const setting = { key: hostile, before: hostile, moments: ["run"], weight: "harmless", meaning: hostile } as const;
    const report = {
      ...preview.report,
      findings: [finding],
      settings: [{ ...setting, allowed: true }],
      idleRoll: [hostile],
    };
    const page = pageOf({ ...preview, stack: hostile, run: changed, notes: [hostile], difference, report });
    const [first] = machineDocuments(changed);
    expect(first?.files?.[0]?.content).toBe(hostile);
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(page).not.toContain("<script");
    const elements = elementsOf(page).map((tag) => tag.split(/[\s/>]/)[0]!);
    const usual = elementsOf(pageOf(preview)).map((tag) => tag.split(/[\s/>]/)[0]!);
    expect([...new Set(elements)].filter((name) => ![...usual, "<br"].includes(name))).toEqual([]);
  });
});
