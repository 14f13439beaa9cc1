/** All resource types that the simulation knows. An unknown one is refused: a guess would make a test pass wrongly. */
import { kubernetesType } from "./kubernetes";
import { accessTypes } from "./openstack/accessTypes";
import { computeTypes } from "./openstack/computeTypes";
import { loadBalancerTypes } from "./openstack/loadBalancerTypes";
import { networkTypes } from "./openstack/networkTypes";
import { randomTypes } from "./random";
import { checkInputs, type ResourceType, type ResourceTypes } from "./resourceType";
import { certificateTypes } from "./tls/certificates";
import { keyTypes } from "./tls/keys";
import type { Properties } from "./values";

/** What the program creates, but for Kubernetes' objects: by the providers' tokens. */
export const simulatedTypes: ResourceTypes = {
  ...networkTypes,
  ...accessTypes,
  ...computeTypes,
  ...loadBalancerTypes,
  ...keyTypes,
  ...certificateTypes,
  ...randomTypes,
};

interface KnownType extends Pick<ResourceType, "create" | "replaces"> {
  /** Throws when the inputs cannot be right. */
  readonly checkInputs: (inputs: Properties) => void;
}

/** Looks a type up; throws for one that is not simulated. */
export function knownType(type: string): KnownType {
  if (type.startsWith("kubernetes:")) return { ...kubernetesType(type), checkInputs: () => undefined };
  const known = Object.hasOwn(simulatedTypes, type) ? simulatedTypes[type] : undefined;
  if (known === undefined)
    throw new Error(`the simulation does not know the resource type ${type}: add it beside its kin under simulation/`);
  return {
    create: known.create,
    replaces: known.replaces,
    checkInputs: (inputs) => checkInputs(known, type.split(":").at(-1) ?? type, inputs),
  };
}
