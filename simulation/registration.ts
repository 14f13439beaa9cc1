/** Reads a registration request: the resource's identity and all its options. */
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import type { HookBinding, SimulatedResource } from "./simulated";

interface Named {
  getType(): string;
  getName(): string;
  getParent(): string;
}

const stackType = "pulumi:pulumi:Stack";

/** The URN that the engine would form: the types of the parents below the stack, then the resource's own. */
export function urnOf(run: { readonly project: string; readonly stack: string }, request: Named): string {
  const parentTypes = request.getParent().split("::")[2];
  const prefix = parentTypes === undefined || parentTypes === stackType ? "" : `${parentTypes}$`;
  return ["urn:pulumi:" + run.stack, run.project, prefix + request.getType(), request.getName()].join("::");
}

type Options = Omit<
  SimulatedResource,
  "inputs" | "kept" | "generation" | "change" | "outputs" | "secretInputs" | "secretOutputs" | "hooks" | "id"
>;

export function optionsOf(
  request: RegisterResourceRequest,
  urn: string,
  find: (urn: string) => SimulatedResource | undefined,
): Options {
  const parentUrn = request.getParent();
  const parent = find(parentUrn);
  const timeouts = request.getCustomtimeouts();
  const propertyDependencies: Record<string, readonly string[]> = {};
  request.getPropertydependenciesMap().forEach((entry, name) => {
    if (entry.getUrnsList().length > 0) propertyDependencies[name] = entry.getUrnsList();
  });
  const present = (value: string | undefined) => (value === undefined || value === "" ? undefined : value);
  return {
    urn,
    type: request.getType(),
    name: request.getName(),
    parent: present(parentUrn),
    custom: request.getCustom(),
    dependencies: request.getDependenciesList(),
    propertyDependencies,
    provider: present(request.getProvider()),
    protect: (request.hasProtect() ? request.getProtect() : parent?.protect) ?? false,
    retainOnDelete: (request.hasRetainondelete() ? request.getRetainondelete() : parent?.retainOnDelete) ?? false,
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    deleteBeforeReplace: request.getDeletebeforereplacedefined() ? request.getDeletebeforereplace() : undefined,
    deletedWith: present(request.getDeletedwith()),
    aliases: request.getAliasesList().map((alias) => alias.getUrn() || (alias.getSpec()?.getName() ?? "")),
    customTimeouts: {
      create: present(timeouts?.getCreate()),
      update: present(timeouts?.getUpdate()),
      delete: present(timeouts?.getDelete()),
    },
  };
}

export function hooksOf(request: RegisterResourceRequest): Pick<SimulatedResource, "hooks"> {
  const bound = request.getHooks();
  if (bound === undefined) return { hooks: {} };
  const lists: [HookBinding, string[]][] = [
    ["beforeCreate", bound.getBeforeCreateList()],
    ["afterCreate", bound.getAfterCreateList()],
    ["beforeUpdate", bound.getBeforeUpdateList()],
    ["afterUpdate", bound.getAfterUpdateList()],
    ["beforeDelete", bound.getBeforeDeleteList()],
    ["afterDelete", bound.getAfterDeleteList()],
    ["onError", bound.getOnErrorList()],
  ];
  return { hooks: Object.fromEntries(lists.filter(([, names]) => names.length > 0)) };
}
