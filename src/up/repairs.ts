import * as pulumi from "@pulumi/pulumi";
import type { ClusterConfig } from "../config/clusterConfig";
import { isLive } from "../engine/live";
import type { OpenstackApi } from "../openstack/client";
import { logInToOpenstack } from "../openstack/login";
import { createdType, createdTypes } from "../openstack/resourceTypes";
import { OrphanSearch } from "./orphans/orphanSearch";
import { machinesFailedAtCreation } from "./orphans/failedMachines";
import { completeTags } from "./orphans/unfinishedTags";

/**
 * What makes one more `up` enough after one that broke: transformations for the cluster's resources. OpenStack may have
 * obeyed a call whose answer never came, so before each creation it is asked whether the thing is there already
 * (`OrphanSearch`); a thing that was made but not tagged is tagged; and a machine that Nova could not start is
 * replaced, although the provider takes it for made. Empty in the simulation, which has no engine.
 */
export async function repairs(config: ClusterConfig): Promise<pulumi.ResourceTransformation[]> {
  if (!pulumi.runtime.hasEngine()) return [];
  let session: Promise<OpenstackApi> | undefined;
  const api = () => (session ??= logInToOpenstack(config));
  // Pre-flight, which asks the same cloud at the same time, says better what is wrong with it.
  const failed = await api()
    .then((known) => machinesFailedAtCreation(known, config.clusterName))
    .catch(() => new Set<string>());
  return [replaceFailed(failed), ...(isLive() ? [hooks(api)] : [])];
}

function hooks(api: () => Promise<OpenstackApi>): pulumi.ResourceTransformation {
  const search = new OrphanSearch(api, (sentence) => void pulumi.log.warn(sentence));
  const beforeCreate = new pulumi.ResourceHook("look-for-orphans", ({ type, newInputs }) =>
    search.before(type, newInputs ?? {}),
  );
  const beforeUpdate = new pulumi.ResourceHook("complete-tags", async ({ type, id, newInputs }) =>
    completeTags(await api(), type, id, newInputs ?? {}),
  );
  return ({ type, props, opts }) => {
    const known = createdType(type);
    if (known === undefined) return undefined;
    const own = opts.hooks;
    const added = {
      ...own,
      beforeCreate: [...(own?.beforeCreate ?? []), beforeCreate],
      ...(known.tagged ? { beforeUpdate: [...(own?.beforeUpdate ?? []), beforeUpdate] } : {}),
    };
    return { props, opts: { ...opts, hooks: added } };
  };
}

/**
 * `#initerror` is the engine's name for "its creation failed halfway". There is nothing on such a machine to protect.
 */
function replaceFailed(names: ReadonlySet<string>): pulumi.ResourceTransformation {
  return ({ type, name, props, opts }) => {
    if (type !== createdTypes.server.token || !names.has(name)) return undefined;
    const { replaceOnChanges = [] } = opts as pulumi.CustomResourceOptions;
    return { props, opts: { ...opts, protect: false, replaceOnChanges: [...replaceOnChanges, "#initerror"] } };
  };
}
