import * as pulumi from "@pulumi/pulumi";
import { messageOf } from "./messageOf";
import { OpenstackApi } from "./openstackApi";
import { findOpenstackCloud } from "./openstackCloud";

/** Lines of each console that an error message shows: enough for the bootstrap's verdict and the step before it. */
const consoleLines = 30;

/** Tail of each server's console by machine name; a console that cannot be read says why instead. Throws when nobody can log in to OpenStack. */
export async function consoleTails(serverIds: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>> {
  const provider = new pulumi.Config("openstack");
  const api = await OpenstackApi.login(findOpenstackCloud((key) => provider.get(key), process.env));
  const tails = [...serverIds].map(async ([name, id]) => {
    const tail = await api.consoleOutput(id, consoleLines).catch((error: unknown) => `(not readable: ${messageOf(error)})`);
    return [name, tail] as const;
  });
  return new Map(await Promise.all(tails));
}
