/** What differs in major 5 of the SDK (5.5.1) for this program: one input, and three resources that are gone. */
import type * as pulumi from "@pulumi/pulumi";

export * from "../../../node_modules/@pulumi/openstack/compute";

export interface ServerGroupArgs {
  readonly name?: pulumi.Input<string | undefined>;
  readonly policies?: pulumi.Input<string | undefined>;
}

export declare class ServerGroup extends pulumi.CustomResource {
  constructor(name: string, args?: ServerGroupArgs, opts?: pulumi.CustomResourceOptions);
}

export declare const SecGroup: undefined;
export declare const FloatingIp: undefined;
export declare const FloatingIpAssociate: undefined;
