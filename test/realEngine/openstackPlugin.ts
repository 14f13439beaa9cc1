/** The real OpenStack provider, without the engine: it is configured and asked as the engine would. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import { EngineService } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import {
  CheckRequest,
  type CheckResponse,
  ConfigureRequest,
  CreateRequest,
  InvokeRequest,
} from "@pulumi/pulumi/proto/provider_pb";

/** The provider, configured. */
interface OpenstackPlugin {
  /** Asks for networks. Resolves to its refusal: the provider finds no network, or did not even ask. */
  readonly askForNetworks: () => Promise<string>;
  /** Has it create a resource. Resolves to its refusal, or to nothing. */
  readonly create: (type: string, inputs: Readonly<Record<string, unknown>>) => Promise<string>;
}

/** `configuration` are keys of `openstack:`; `folder` is the one in which it runs. */
export async function withOpenstackPlugin<T>(
  configuration: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>>,
  folder: string,
  use: (plugin: OpenstackPlugin) => Promise<T>,
): Promise<T> {
  const engine = new Server();
  // What the provider has to say beside its answers, such as warnings, is for the engine's user.
  engine.addService(EngineService, {
    log: (_: unknown, done: (error: null, answer: Empty) => void) => done(null, new Empty()),
  });
  const enginePort = await answerOf<number>((done) =>
    engine.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), done),
  );
  const child = spawn(pluginBinary(), [`127.0.0.1:${enginePort}`], {
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
    let configured: Promise<unknown> | undefined;
    const refusal = (call: () => Promise<string>) =>
      (configured ??= answerOf<unknown>((done) => client.configure(configure, done)))
        .then(call)
        .catch((error: unknown) => String(error));
    try {
      return await use({
        askForNetworks: () =>
          refusal(async () => {
            const invoke = new InvokeRequest();
            invoke.setTok("openstack:networking/getNetwork:getNetwork");
            await answerOf((done) => client.invoke(invoke, done));
            return "";
          }),
        create: (type, inputs) =>
          refusal(async () => {
            const urn = `urn:pulumi:test::test::${type}::sample`;
            const check = new CheckRequest();
            check.setUrn(urn);
            check.setOlds(Struct.fromJavaScript({}));
            check.setNews(Struct.fromJavaScript(inputs as Record<string, JavaScriptValue>));
            check.setRandomseed("seed");
            const checked = await answerOf<CheckResponse>((done) => client.check(check, done));
            const [failure] = checked.getFailuresList();
            if (failure !== undefined) return `check: ${failure.getReason()}`;
            const create = new CreateRequest();
            create.setUrn(urn);
            create.setProperties(checked.getInputs());
            await answerOf((done) => client.create(create, done));
            return "";
          }),
      });
    } finally {
      client.close();
    }
  } finally {
    child.kill();
    await ended;
    engine.forceShutdown();
  }
}

type JavaScriptValue = Parameters<typeof Struct.fromJavaScript>[0][string];

function answerOf<T>(call: (done: (error: Error | null, answer: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => call((error, answer) => (error === null ? resolve(answer) : reject(error))));
}

function pluginBinary(): string {
  const plugins = join(process.env.PULUMI_HOME ?? join(homedir(), ".pulumi"), "plugins");
  const folder = readdirSync(plugins).find((entry) => /^resource-openstack-v[\d.]+$/.test(entry));
  return join(plugins, folder ?? "", "pulumi-resource-openstack");
}
