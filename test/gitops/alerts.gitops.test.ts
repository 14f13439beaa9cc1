/**
 * Alert rules as Flux would apply them, under the promtool of the Prometheus that the cluster runs. Proves when they
 * fire. Not: that a metric has that name (notifications.gitops.test.ts).
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { buildPart, fluxBuildPrograms } from "./fluxBuild";
import { promtoolPrograms, runPromtool } from "./promtool";
import { clusterSettings } from "./settings";
import { describeWith, gitopsFolder, repositoryFolder } from "./toolbox";

jest.setTimeout(300_000);

interface Rule {
  readonly alert: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url: string };
}

interface RuleTest {
  readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly unknown[] }[];
}

const testFolder = join(__dirname, "alerts");
const runbooks = join(repositoryFolder, "docs", "runbooks", "alerts");
const groups = readdirSync(join(gitopsFolder, "infrastructure", "alerts", "rules")).map((file) =>
  file.replace(".yaml", ""),
);
const testsOf = (group: string) =>
  (parse(readFileSync(join(testFolder, `${group}.yaml`), "utf8")) as { tests: readonly RuleTest[] }).tests;

describe("the tests of the alerts", () => {
  const rulesOf = (group: string) =>
    (
      parse(readFileSync(join(gitopsFolder, "infrastructure", "alerts", "rules", `${group}.yaml`), "utf8")) as {
        spec: { groups: [{ rules: Rule[] }] };
      }
    ).spec.groups[0].rules;
  const alerts = groups.flatMap((group) => rulesOf(group).map(({ alert }) => alert));

  it("see each alert fire, and each but the one that always does stay silent", () => {
    const expectations = groups.flatMap((group) => testsOf(group).flatMap((test) => test.alert_rule_test));
    const seen = (isFiring: boolean) =>
      [
        ...new Set(
          expectations.filter(({ exp_alerts }) => exp_alerts.length > 0 === isFiring).map(({ alertname }) => alertname),
        ),
      ].sort();
    expect(seen(true)).toEqual([...alerts].sort());
    expect(seen(false)).toEqual(alerts.filter((alert) => alert !== "Watchdog").sort());
  });

  it("leave no alert without a runbook, and no runbook without an alert", () => {
    expect(readdirSync(runbooks).sort()).toEqual(alerts.map((alert) => `${alert}.md`).sort());
  });

  it("know every alert by one name and one of three severities", () => {
    expect(new Set(alerts).size).toBe(alerts.length);
    const severities = new Set(groups.flatMap((group) => rulesOf(group).map(({ labels }) => labels.severity)));
    expect([...severities].sort()).toEqual(["critical", "info", "warning"]);
  });
});

describeWith([...fluxBuildPrograms, ...promtoolPrograms])("an alert rule", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "alerts-"));
    cpSync(testFolder, folder, { recursive: true });
    for (const { kind, metadata, spec } of buildPart("prod", "alerts", clusterSettings("prod")))
      if (kind === "PrometheusRule") writeFileSync(join(folder, `${metadata.name}.rules.yaml`), stringify(spec));
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(groups)("of %s is one that Prometheus can read", (group) => {
    expect(
      runPromtool(["check", "rules", "--lint=all", "--lint-fatal", `${group}.rules.yaml`], { cwd: folder }),
    ).toMatchObject({ status: 0 });
  });

  it.each(groups)("of %s fires when it should, and only then", (group) => {
    expect(existsSync(join(folder, `${group}.rules.yaml`))).toBe(true);
    const { status, output } = runPromtool(["test", "rules", `${group}.yaml`], { cwd: folder });
    expect([status, output]).toEqual([0, expect.stringContaining("SUCCESS")]);
  });

  it("that fires at another time than its test says is found", () => {
    const file = join(folder, "quotas.rules.yaml");
    const before = readFileSync(file, "utf8");
    writeFileSync(file, before.replace(/>= 0\.9\s+< 1/, ">= 0.99 < 1"));
    const { status, output } = runPromtool(["test", "rules", "quotas.yaml"], { cwd: folder });
    writeFileSync(file, before);
    expect(status).toBe(1);
    expect(output).toContain("alertname: QuotaNearlyUsed");
  });

  it("leads to the runbooks of the forge that RUNBOOKS names, else to those of the repository", () => {
    const urls = (settings: Record<string, string>) =>
      buildPart("prod", "alerts", { ...clusterSettings("prod"), ...settings })
        .filter(({ kind }) => kind === "PrometheusRule")
        .flatMap(({ spec }) => (spec as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules))
        .map(({ alert, annotations }) => annotations.runbook_url.replace(`/${alert}.md`, ""));
    expect([...new Set(urls({}))]).toEqual(["docs/runbooks/alerts"]);
    expect([...new Set(urls({ RUNBOOKS: "https://git.example.org/runbooks" }))]).toEqual([
      "https://git.example.org/runbooks",
    ]);
  });
});
