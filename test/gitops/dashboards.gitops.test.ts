/**
 * Grafana dashboards: JSON as Grafana takes it, and every expression in them one that Prometheus can read. Not: how
 * they look.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildPart, fluxBuildPrograms } from "./fluxBuild";
import { promtoolPrograms, runPromtool } from "./promtool";
import { clusterSettings } from "./settings";
import { describeWith, gitopsFolder } from "./toolbox";

jest.setTimeout(300_000);

interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly {
    readonly id: number;
    readonly title: string;
    readonly datasource: { readonly uid: string };
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

const folder = join(gitopsFolder, "infrastructure", "alerts", "dashboards");
const dashboards = readdirSync(folder).map(
  (file) => [file, JSON.parse(readFileSync(join(folder, file), "utf8")) as Dashboard] as const,
);

describe("a dashboard", () => {
  it("has an identity of its own", () => {
    expect(dashboards.map(([file, { uid }]) => [file, uid])).toEqual(
      ["certificates", "etcd", "flux", "nodes", "quotas"].map((name) => [
        `${name}.json`,
        `openstack-kubernetes-${name}`,
      ]),
    );
  });

  it.each(dashboards)("%s has panels that ask Prometheus and do not lie on one another", (_file, { panels }) => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(panels.filter(({ datasource, targets }) => datasource.uid !== "prometheus" || targets.length === 0)).toEqual(
      [],
    );
    const places = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_unused, index) => `${x + (index % w)} ${y + Math.floor(index / w)}`),
    );
    expect(new Set(places).size).toBe(places.length);
  });
});

describeWith([...fluxBuildPrograms, ...promtoolPrograms])("a dashboard as Flux applies it", () => {
  it("reaches Grafana letter for letter: Flux puts no setting in the place of Grafana's variables", () => {
    const applied = buildPart("dev", "alerts", clusterSettings("dev")).find(({ kind }) => kind === "ConfigMap")!;
    expect(applied.metadata.labels).toMatchObject({ grafana_dashboard: "1" });
    expect(applied.data).toEqual(
      Object.fromEntries(dashboards.map(([file]) => [file, readFileSync(join(folder, file), "utf8")])),
    );
  });

  it.each(dashboards)("%s asks nothing that Prometheus could not read", (_file, { panels }) => {
    const expressions = panels.flatMap(({ targets }) =>
      targets.map(({ expr }) => expr.replaceAll("$__rate_interval", "5m")),
    );
    const rules = {
      groups: [{ name: "panels", rules: expressions.map((expr, index) => ({ record: `panel${index}`, expr })) }],
    };
    expect(runPromtool(["check", "rules"], { input: JSON.stringify(rules) })).toMatchObject({ status: 0 });
  });

  it("with an expression that Prometheus cannot read is found", () => {
    const { status, output } = runPromtool(["check", "rules"], {
      input: JSON.stringify({ groups: [{ name: "a", rules: [{ record: "b", expr: "sum(" }] }] }),
    });
    expect(status).toBe(1);
    expect(output).toContain("parse error");
  });
});
