/**
 * The canary's script as its pod runs it, by busybox and curl, in a network namespace whose DNS and servers are the
 * test's: each failure that it should find is found. Not: that Calico enforces the policies that it checks.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildPart, fluxBuildPrograms } from "./fluxBuild";
import type { KubernetesObject } from "./live/kubectl";
import { promtoolPrograms, runPromtool } from "./promtool";
import { clusterSettings } from "./settings";
import { describeWith, gitopsFolder, repositoryFolder } from "./toolbox";

jest.setTimeout(300_000);

const script = join(gitopsFolder, "infrastructure", "canary", "check.sh");
const [busybox, curl] = ["/usr/bin/busybox", "/usr/bin/curl"];

/**
 * Runs in the namespace: names are asked of the test's DNS server, and busybox's own programs come before the host's.
 */
const enter = `
ip link set lo up
mount --bind "$FOLDER/resolv.conf" /etc/resolv.conf
mount --bind "$FOLDER/hosts" /etc/hosts
cd "$REPOSITORY"
node -r ./scripts/typescript.js test/gitops/canary/cluster.ts "$FOLDER" "$FAULTS" &
for _ in $(seq 600); do ss -lun | grep -q ':53 ' && break; sleep 0.1; done
sleep 0.5
PATH="$FIRST:$FOLDER/bin" "$FOLDER/bin/sh" "$SCRIPT" "$CHECK"
status=$?
kill $!
exit $status
`;

const isNamespaceAllowed = () =>
  spawnSync("unshare", ["--map-root-user", "--net", "--mount", "--pid", "--kill-child", "true"]).status === 0;

describe("the canary's script", () => {
  it("passes shellcheck, when that is installed", () => {
    const { error, status, stdout } = spawnSync("shellcheck", ["--shell=sh", script], { encoding: "utf8" });
    if (error) expect(error).toMatchObject({ code: "ENOENT" });
    else expect([status, stdout]).toEqual([0, ""]);
  });

  it("says how it is used when it is asked for what it does not know", () => {
    const { status, stderr } = spawnSync("sh", [script, "weather"], { encoding: "utf8" });
    expect([
      status,
      stderr.startsWith("Usage: check.sh dns|gateway|storage|network-open|network-closed|round|forever"),
    ]).toEqual([1, true]);
  });
});

describeWith([busybox, curl, ...(isNamespaceAllowed() ? [] : ["the right to make a network namespace"])])(
  "the canary",
  () => {
    let folder: string;

    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), "canary-"));
      for (const bin of ["bin", "other-bin"]) mkdirSync(join(folder, bin));
      execFileSync(busybox, ["--install", "-s", join(folder, "bin")]);
      symlinkSync(curl, join(folder, "bin", "curl"));
      writeFileSync(join(folder, "resolv.conf"), "nameserver 127.0.0.1\n");
      writeFileSync(join(folder, "hosts"), "127.0.0.1 localhost\n");
      const request = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=canary",
      ];
      execFileSync(
        "openssl",
        [...request, "-keyout", join(folder, "key.pem"), "-out", join(folder, "certificate.pem")],
        { stdio: "ignore" },
      );
    });

    afterAll(() => rmSync(folder, { recursive: true }));

    const run = (
      check: string,
      faults: readonly string[] = [],
      data = mkdtempSync(join(folder, "data-")),
      first = folder,
    ) =>
      spawnSync("unshare", ["--map-root-user", "--net", "--mount", "--pid", "--kill-child", "sh", "-c", enter], {
        encoding: "utf8",
        timeout: 120_000,
        env: {
          PATH: process.env.PATH,
          FOLDER: folder,
          REPOSITORY: repositoryFolder,
          SCRIPT: script,
          CHECK: check,
          FAULTS: faults.join(","),
          CANARY_DATA: data,
          FIRST: first,
          APPS_DOMAIN: "apps.dev.example.org",
          DNS_DOMAIN: "cluster.local",
        },
      });

    const results = (output: string) =>
      [...output.matchAll(/^canary_check_success\{check="([a-z-]+)"\} ([01])$/gm)].map(
        ([, check, success]) => `${check} ${success}`,
      );

    it("finds nothing wrong with a cluster that works, and says so in a form that Prometheus reads", () => {
      const { status, stdout, stderr } = run("round");
      expect([status, stderr]).toEqual([0, ""]);
      expect(results(stdout)).toEqual(["dns 1", "gateway 1", "storage 1", "network-open 1", "network-closed 1"]);
      const time = Number(/^canary_last_run_timestamp_seconds (\d+)$/m.exec(stdout)?.[1]);
      expect(Math.abs(time - Date.now() / 1000)).toBeLessThan(60);
      if (promtoolPrograms.every((program) => existsSync(program)))
        expect(runPromtool(["check", "metrics"], { input: stdout })).toEqual({ status: 0, output: "" });
    });

    it.each([
      ["dns", "dns", "The cluster's DNS does not know kubernetes.default.svc.cluster.local."],
      ["gateway", "gateway", "https://canary.apps.dev.example.org does not show the canary's page."],
      ["other-page", "gateway", "https://canary.apps.dev.example.org does not show the canary's page."],
      ["network-open", "network-open", "The target's open port does not answer."],
      ["network-closed", "network-closed", "The target's closed port answers: network policies are not enforced."],
    ])("finds what is broken (%s), and nothing else", (fault, check, sentence) => {
      const { status, stdout, stderr } = run("round", [fault]);
      expect(status).toBe(0);
      expect(results(stdout).filter((result) => result.endsWith("0"))).toEqual([`${check} 0`]);
      expect(stderr).toContain(sentence);
    });

    it("finds a volume that cannot be written, and one that keeps nothing", () => {
      const { status, stderr } = run("storage", [], join(folder, "no-such-volume"));
      expect(status).toBe(1);
      expect(stderr).toContain("The volume cannot be written.");
      // A disk that returns something else, as the script sees it.
      writeFileSync(join(folder, "other-bin", "cat"), "#!/bin/sh\necho something else\n", { mode: 0o755 });
      const forgetful = run("storage", [], undefined, join(folder, "other-bin"));
      expect([forgetful.status, forgetful.stderr]).toEqual([1, "The volume does not hold what was written to it.\n"]);
    });

    it("leaves on the volume what it wrote last", () => {
      const data = mkdtempSync(join(folder, "data-"));
      expect(run("storage", [], data).status).toBe(0);
      const first = readFileSync(join(data, "canary"), "utf8");
      expect(run("storage", [], data).status).toBe(0);
      expect(readFileSync(join(data, "canary"), "utf8")).not.toBe(first);
    });
  },
);

describeWith(fluxBuildPrograms)("the canary as Flux applies it", () => {
  const objects = () => buildPart("dev", "canary", clusterSettings("dev"));
  const named = (kind: string, name: RegExp): KubernetesObject =>
    objects().find((object) => object.kind === kind && name.test(object.metadata.name))!;

  it("runs the script of this repository, letter for letter", () => {
    expect(named("ConfigMap", /^canary-/).data).toEqual({ "check.sh": readFileSync(script, "utf8") });
  });

  it("takes its image from where the site allows", () => {
    const images = JSON.stringify(
      buildPart("dev", "canary", {
        ...clusterSettings("dev"),
        CANARY_IMAGE: "registry.example.org/busybox:1",
        CANARY_CURL_IMAGE: "registry.example.org/curl:1",
      }),
    ).match(/"image":"[^"]+"/g);
    expect([...new Set(images)].sort()).toEqual([
      '"image":"registry.example.org/busybox:1"',
      '"image":"registry.example.org/curl:1"',
    ]);
  });

  it("closes exactly the port that it expects to be closed", () => {
    expect(named("NetworkPolicy", /^target$/).spec).toMatchObject({
      ingress: [{ ports: [{ protocol: "TCP", port: 8080 }] }],
    });
    expect(named("Service", /^canary-target$/).spec).toMatchObject({ ports: [{ port: 8080 }, { port: 8081 }] });
  });
});
