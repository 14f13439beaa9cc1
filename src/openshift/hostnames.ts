/** New names of routes: a tenant answers at TENANT.DOMAIN and TENANT--ANYTHING.DOMAIN only. */
import { fieldsOf, recordsOf, textOf } from "./manifest";
import { type Migration, ofKind, tenantOf } from "./target";

/** New names by the old ones, of all Routes and Ingresses of a project. The only one becomes TENANT.DOMAIN. */
export function newHostnames(migration: Migration, project: string): ReadonlyMap<string, string> {
  const tenant = tenantOf(migration, project);
  const hosts = [
    ...new Set([
      ...ofKind(migration, project, "Route").map(({ spec, metadata }) => textOf(fieldsOf(spec).host) || metadata.name),
      ...ofKind(migration, project, "Ingress").flatMap(({ spec }) =>
        recordsOf(fieldsOf(spec).rules).map(({ host }) => textOf(host)),
      ),
    ]),
  ];
  const { domain } = migration.target;
  if (hosts.length === 1) return new Map(hosts.map((host) => [host, `${tenant}.${domain}`]));
  const taken = new Set<string>();
  return new Map(
    hosts.map((host) => {
      const label = labelOf(host, project);
      let free = label;
      for (let count = 2; taken.has(free); count++) free = `${label}-${count}`;
      taken.add(free);
      return [host, `${`${tenant}--${free}`.slice(0, longestLabel).replace(/-+$/, "")}.${domain}`];
    }),
  );
}

/** Characters of a label of DNS. */
const longestLabel = 63;

/** `web` of `web-shop.apps.example.com`, which OpenShift makes of the route `web` in the project `shop`. */
function labelOf(host: string, project: string): string {
  const first = (host.replace(/^\*\./, "").split(".")[0] ?? "").toLowerCase().replace(/[^a-z0-9-]/g, "-");
  const label = first.endsWith(`-${project}`) ? first.slice(0, -project.length - 1) : first;
  return label.replace(/--+/g, "-").replace(/^-+|-+$/g, "") || "web";
}
