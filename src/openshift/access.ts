/** Roles, bindings and accounts of a project, reviewed for the new cluster. */
import { cleaned, cleanedMetadata } from "./cleaned";
import { type Conversion, leftOut, remark, task } from "./conversion";
import { defined, type Fields, fieldsOf, itemsOf, type Manifest, recordsOf, textOf } from "./manifest";
import { isDockercfg } from "./podTemplate";
import { type Migration, ofKind, tenantOf } from "./target";

/** Accounts that every project of OpenShift has. */
const ownAccounts = ["builder", "default", "deployer"];
/** Bindings that every project of OpenShift has. */
const ownRoles = /^system:(deployer|image-builder|image-puller)$/;
/** Roles of OpenShift and Kubernetes that the new cluster has too. */
const sharedRoles = ["admin", "edit", "view"];

export function convertServiceAccount(migration: Migration, project: string, manifest: Manifest): Conversion {
  const { name } = manifest.metadata;
  if (ownAccounts.includes(name)) return leftOut("Every project of OpenShift has this account.");
  const account = cleaned(manifest, tenantOf(migration, project));
  const pulls = recordsOf(manifest.imagePullSecrets).filter((secret) => !isDockercfg(textOf(secret.name)));
  const kept = { ...account, secrets: undefined, imagePullSecrets: pulls.length > 0 ? pulls : undefined };
  const left = recordsOf(manifest.secrets).map(({ name: secret }) => textOf(secret));
  return {
    outcome: "kept",
    notes: [
      remark(
        `Its tokens and its credentials of the old registry (${left.join(", ") || "none"}) stay behind; the new cluster issues tokens.`,
      ),
    ],
    objects: [kept],
  };
}

/** The group of the directory that administers a project; people cannot be a tenant's administrators one by one. */
export function groupOfProject(migration: Migration, project: string): string | undefined {
  const groups = ofKind(migration, project, "RoleBinding")
    .filter(({ roleRef }) => textOf(fieldsOf(roleRef).name) === "admin")
    .flatMap(({ subjects }) => recordsOf(subjects))
    .filter(({ kind, name }) => kind === "Group" && !textOf(name).startsWith("system:"))
    .map(({ name }) => textOf(name));
  return migration.target.groups[project] ?? groups[0];
}

export function convertRoleBinding(migration: Migration, project: string, manifest: Manifest): Conversion {
  const role = textOf(fieldsOf(manifest.roleRef).name);
  const isCluster = fieldsOf(manifest.roleRef).kind !== "Role";
  const subjects = recordsOf(manifest.subjects);
  if (isCluster && ownRoles.test(role)) return leftOut("Every project of OpenShift has this binding.");
  if (/^system:openshift:scc:/.test(role))
    return leftOut(`It grants an SCC (${role.split(":").at(-1) ?? ""}); what that means stands with each workload.`);
  const group = groupOfProject(migration, project);
  const kept = subjects.flatMap((subject) => {
    const converted = convertSubject(migration, project, subject);
    const isTenantsGroup = role === "admin" && subject.kind === "Group" && subject.name === group;
    return converted === undefined || isTenantsGroup ? [] : [converted];
  });
  const people = subjects
    .filter(({ kind }) => ["User", "SystemUser"].includes(textOf(kind)))
    .map(({ name }) => textOf(name));
  const notes = [
    ...(role === "admin" && group !== undefined && subjects.some(({ name }) => name === group)
      ? [remark(`Group ${group} administers the tenant: GROUP of its file.`)]
      : []),
    ...(people.length > 0
      ? [task(`${people.join(", ")} had the role ${role} in person; put them into a group of the directory.`)]
      : []),
    ...(isCluster && !sharedRoles.includes(role)
      ? [task(`The cluster role ${role} must be there; ask the platform's owners, or write a Role.`)]
      : []),
    ...subjects
      .filter(({ kind, name }) => kind === "Group" && textOf(name).startsWith("system:"))
      .map(({ name }) => task(`${textOf(name)} are all of the old cluster's; nothing is granted to them here.`)),
  ];
  if (kept.length === 0)
    return {
      outcome: "left out",
      notes: notes.length > 0 ? notes : [remark("It grants nothing to anybody here.")],
      objects: [],
    };
  return {
    outcome: "kept",
    notes,
    objects: [
      {
        apiVersion: manifest.apiVersion,
        kind: manifest.kind,
        metadata: cleanedMetadata(manifest, tenantOf(migration, project)),
        roleRef: manifest.roleRef,
        subjects: kept,
      },
    ],
  };
}

/** Undefined of people, and of groups that mean everybody in the old cluster. */
function convertSubject({ target }: Migration, project: string, { kind, name, namespace }: Fields): Fields | undefined {
  if (kind === "ServiceAccount") {
    const from = textOf(namespace) || project;
    return { kind, name, namespace: target.tenants[from] ?? from };
  }
  if (kind !== "Group" || textOf(name).startsWith("system:")) return undefined;
  return { apiGroup: "rbac.authorization.k8s.io", kind, name: `${target.groupsPrefix}${textOf(name)}` };
}

/** Without the rules about kinds that exist in OpenShift only. */
export function convertRole(migration: Migration, project: string, manifest: Manifest): Conversion {
  const rules = recordsOf(manifest.rules).map((rule) => ({
    ...defined({ ...rule, attributeRestrictions: undefined }),
    apiGroups: itemsOf(rule.apiGroups)
      .map(textOf)
      .filter((group) => !isOpenshifts(group)),
  }));
  const kept = rules.filter((rule) => rule.apiGroups.length > 0 || "nonResourceURLs" in rule);
  const removed = recordsOf(manifest.rules).flatMap(({ apiGroups, resources }) =>
    itemsOf(apiGroups)
      .map(textOf)
      .filter(isOpenshifts)
      .map((group) => `${group} (${itemsOf(resources).map(textOf).join(", ")})`),
  );
  return {
    outcome: kept.length > 0 ? "kept" : "left out",
    notes: removed.map((group) => remark(`A rule about ${group} is taken out: the group is not there.`)),
    objects: kept.length > 0 ? [{ ...cleaned(manifest, tenantOf(migration, project)), rules: kept }] : [],
  };
}

const isOpenshifts = (group: string) => group.endsWith("openshift.io");
