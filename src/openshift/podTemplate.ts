/** The pods of a workload for the new cluster: images, user, accounts and nodes as it knows them. */
import { cleanedTemplateMetadata } from "./cleaned";
import { remark, task, type Conversion } from "./conversion";
import { resolveImage, type ResolvedImage } from "./images";
import { defined, type Fields, fieldsOf, recordsOf, textOf, without } from "./manifest";
import { warningsOf } from "./refusals";
import { type Migration, ofKind, projectAnnotations } from "./target";

interface ConvertedTemplate {
  readonly template: Fields;
  readonly notes: Conversion["notes"];
}

type Notes = Conversion["notes"];

/** `following`: images that triggers put into containers, by the container's name. */
export function convertTemplate(
  migration: Migration,
  project: string,
  template: Fields,
  following: ReadonlyMap<string, ResolvedImage>,
): ConvertedTemplate {
  const spec = fieldsOf(template.spec);
  const { serviceAccount, imagePullSecrets, nodeSelector, securityContext, ...rest } = spec;
  const account = textOf(spec.serviceAccountName) || textOf(serviceAccount);
  const containers = (key: string) =>
    recordsOf(spec[key]).map((container) => convertContainer(migration, container, following));
  const [init, main] = [containers("initContainers"), containers("containers")];
  const user = convertUser(migration, project, fieldsOf(securityContext), spec, account);
  const nodes = convertNodeSelector(fieldsOf(nodeSelector));
  const secrets = recordsOf(imagePullSecrets).filter(({ name }) => !isDockercfg(textOf(name)));
  const missing = warningsOf({ ...spec, securityContext: user.securityContext });
  return {
    template: {
      metadata: cleanedTemplateMetadata(template.metadata),
      spec: defined({
        ...without(rest, "schedulerName"),
        serviceAccountName: ["", "default"].includes(account) ? undefined : account,
        imagePullSecrets: secrets.length > 0 ? secrets : undefined,
        nodeSelector: nodes.nodeSelector,
        securityContext: user.securityContext,
        initContainers: init.length > 0 ? init.map(({ container }) => container) : undefined,
        containers: main.map(({ container }) => container),
      }),
    },
    notes: [
      ...[...init, ...main].flatMap(({ notes }) => notes),
      ...user.notes,
      ...nodes.notes,
      ...(missing.length === 0
        ? []
        : [remark(`The level restricted would warn; to follow it, set ${missing.join(", ")}.`)]),
      ...(textOf(rest.schedulerName) === "" || rest.schedulerName === "default-scheduler"
        ? []
        : [task(`The scheduler ${textOf(rest.schedulerName)} is not there; the default one is used.`)]),
    ],
  };
}

/** Secrets with which OpenShift lets accounts pull from its own registry. */
export const isDockercfg = (name: string): boolean => /-dockercfg-[a-z0-9]{5}$/.test(name);

function convertContainer(migration: Migration, container: Fields, following: ReadonlyMap<string, ResolvedImage>) {
  const name = textOf(container.name);
  const before = textOf(container.image).trim();
  const resolved = following.get(name) ?? resolveImage(migration, before);
  const notes: Notes = [
    ...(resolved.reference === before ? [] : [remark(`Container ${name}: the image is ${resolved.reference}.`)]),
    ...(resolved.problem === undefined ? [] : [task(`Container ${name}: ${resolved.problem}.`)]),
  ];
  return { container: { ...container, image: resolved.reference }, notes };
}

/**
 * OpenShift's SCC `restricted` gives each project users of its own, who own the files on its volumes. Kubernetes gives
 * none: without this an image runs as the user that it names, often root.
 */
function convertUser(migration: Migration, project: string, context: Fields, spec: Fields, account: string) {
  const annotations = projectAnnotations(migration, project);
  const [uid] = /^\d+/.exec(textOf(annotations["openshift.io/sa.scc.uid-range"])) ?? [];
  const [gid = uid] = /^\d+/.exec(textOf(annotations["openshift.io/sa.scc.supplemental-groups"])) ?? [];
  const seLinux = without(fieldsOf(context.seLinuxOptions), "level");
  const kept = defined({ ...context, seLinuxOptions: Object.keys(seLinux).length > 0 ? seLinux : undefined });
  const sccs = sccsOf(migration, project, account || "default");
  const notes: Notes = sccs.map((scc) => task(sccSentence(account || "default", scc)));
  const namesUser = (each: Fields) => fieldsOf(each.securityContext).runAsUser !== undefined;
  if (sccs.length > 0 || namesUser(spec) || recordsOf(spec.containers).some(namesUser))
    return { securityContext: kept, notes };
  if (uid === undefined)
    return {
      securityContext: kept,
      notes: [task("The export does not have the project, so its users are unknown; set runAsUser and fsGroup.")],
    };
  return {
    securityContext: { runAsUser: Number(uid), runAsGroup: 0, fsGroup: Number(gid), ...kept },
    notes: [remark(`Runs as user ${uid}, group 0, with fsGroup ${gid ?? uid}, as the project's SCC had it.`)],
  };
}

const sccSentence = (account: string, scc: string) =>
  ["anyuid", "nonroot"].includes(scc)
    ? `Account ${account} has the SCC ${scc}: the level baseline lets a pod run as the user of its image; better name one in runAsUser.`
    : `Account ${account} has the SCC ${scc}: the sentences on refusals say what of it the pods use; nothing of it is granted.`;

/** SCCs that a service account may use beyond `restricted`, by the SCCs themselves and by role bindings. */
function sccsOf(migration: Migration, project: string, account: string): string[] {
  const user = `system:serviceaccount:${project}:${account}`;
  const groups = [`system:serviceaccounts:${project}`, "system:serviceaccounts"];
  const named = ofKind(migration, undefined, "SecurityContextConstraints")
    .filter(
      ({ users, groups: members }) =>
        (Array.isArray(users) && users.includes(user)) ||
        (Array.isArray(members) && members.some((group) => groups.includes(textOf(group)))),
    )
    .map(({ metadata }) => metadata.name);
  const bound = [
    ...ofKind(migration, project, "RoleBinding"),
    ...ofKind(migration, undefined, "ClusterRoleBinding"),
  ].flatMap((binding) => {
    const [, scc] = /^system:openshift:scc:(.+)$/.exec(textOf(fieldsOf(binding.roleRef).name)) ?? [];
    const isBound = recordsOf(binding.subjects).some(
      ({ kind, name, namespace }) =>
        (kind === "ServiceAccount" && name === account && (namespace ?? project) === project) ||
        (kind === "Group" && groups.includes(textOf(name))),
    );
    return scc !== undefined && isBound ? [scc] : [];
  });
  return [...new Set([...named, ...bound])].filter((scc) => scc !== "restricted").sort();
}

function convertNodeSelector(selector: Fields): { readonly nodeSelector?: Fields; readonly notes: Notes } {
  const isOpenshifts = (key: string) =>
    /^(node-role\.kubernetes\.io\/|region$|zone$|logging-infra|(.*\.)?openshift\.io\/)/.test(key);
  const removed = Object.keys(selector).filter(isOpenshifts);
  const kept = without(selector, ...removed);
  const pairs = (keys: readonly string[]) => keys.map((key) => `${key}=${textOf(selector[key])}`).join(", ");
  return {
    ...(Object.keys(kept).length > 0 ? { nodeSelector: kept } : {}),
    notes: [
      ...(removed.length > 0
        ? [remark(`The node selector ${pairs(removed)} names nodes of OpenShift; it is taken out.`)]
        : []),
      ...(Object.keys(kept).length > 0
        ? [task(`The node selector ${pairs(Object.keys(kept))} needs a pool with that label.`)]
        : []),
    ],
  };
}
