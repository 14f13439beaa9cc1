/** The SDK with its compute module as major 5 declares it. */
export * from "../../../node_modules/@pulumi/openstack";
export * as compute from "./compute";
