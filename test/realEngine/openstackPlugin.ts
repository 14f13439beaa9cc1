/** The real OpenStack provider, without the engine: it is configured as the engine would, and asked for networks. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { ConfigureRequest, InvokeRequest } from "@pulumi/pulumi/proto/provider_pb";

/**
 * Asks the provider for networks. Resolves to its refusal: the provider finds no network, or did not even ask.
 * `configuration` are keys of `openstack:`; `folder` is the one in which it runs.
 */
export async function askForNetworks(
  configuration: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>>,
  folder: string,
): Promise<string> {
  const child = spawn(pluginBinary(), ["127.0.0.1:1"], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...environment },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(child, "exit");
  try {
    // Its first line is its port.
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const client = new ResourceProviderClient(`127.0.0.1:${line.toString().trim()}`, credentials.createInsecure());
    const configure = new ConfigureRequest();
    configure.setArgs(Struct.fromJavaScript(configuration));
    const invoke = new InvokeRequest();
    invoke.setTok("openstack:networking/getNetwork:getNetwork");
    try {
      await new Promise<void>((resolve, reject) =>
        client.configure(configure, (error) => (error === null ? resolve() : reject(error))),
      );
      await new Promise<void>((resolve, reject) =>
        client.invoke(invoke, (error) => (error === null ? resolve() : reject(error))),
      );
      return "";
    } catch (error) {
      return String(error);
    } finally {
      client.close();
    }
  } finally {
    child.kill();
    await ended;
  }
}

function pluginBinary(): string {
  const plugins = join(process.env.PULUMI_HOME ?? join(homedir(), ".pulumi"), "plugins");
  const folder = readdirSync(plugins).find((entry) => /^resource-openstack-v[\d.]+$/.test(entry));
  return join(plugins, folder ?? "", "pulumi-resource-openstack");
}
