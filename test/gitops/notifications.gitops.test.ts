/**
 * What Flux tells Slack, by the real controllers on a real API server: a broken commit's message arrives at a webhook
 * that is only to be had through the site's proxy. Beside it the real kube-state-metrics and Prometheus operator, for
 * what they make of this cluster. Not: Slack itself, nor that an Alertmanager sends.
 */
import { createServer, type Server } from "node:http";
import { AlertmanagerConfiguration, alertmanagerPrograms } from "./live/alertmanagerConfig";
import { controlPlanePrograms } from "./live/controlPlane";
import { fluxPrograms, notificationControllerPrograms, ready } from "./live/flux";
import { breakStorage, edit, type Platform, startPlatform } from "./live/platform";
import { eventually } from "./live/processes";
import { buildPart } from "./fluxBuild";
import { createSamples } from "./live/workloads";
import { StateMetrics, stateMetricsPrograms } from "./live/stateMetrics";
import { clusterSettings } from "./settings";
import { describeWith } from "./toolbox";

jest.setTimeout(300_000);

interface Message {
  readonly url: string;
  readonly body: string;
}

const webhook = "http://hooks.example.org/services/T0/secret";

describeWith([...controlPlanePrograms, ...fluxPrograms, ...notificationControllerPrograms])(
  "Flux, told to notify Slack",
  () => {
    let platform: Platform;
    let proxy: Server;
    const messages: Message[] = [];

    beforeAll(async () => {
      // A proxy is asked for the whole URL; that of the webhook is answered here, in Slack's place.
      proxy = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
          messages.push({ url: request.url ?? "", body: Buffer.concat(chunks).toString() });
          response.end("ok");
        });
      });
      await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
      platform = await startPlatform(
        (repository) => {
          // The release of monitoring, which the choice waits for because of Alertmanager's half, cannot be installed
          // here; its definitions are there.
          edit(repository, "gitops/choices/notifications.yaml", "    - name: monitoring\n", "    - name: namespaces\n");
        },
        {
          proxy: `http://127.0.0.1:${(proxy.address() as { port: number }).port}`,
          settings: { NOTIFICATIONS: "slack" },
        },
      );
      await platform.flux.becomesReady("kustomization", "flux-system", "namespaces", 240);
      for (const namespace of ["flux-system", "monitoring"])
        platform.kubectl.run([
          "create",
          "secret",
          "generic",
          "slack",
          "-n",
          namespace,
          `--from-literal=address=${webhook}`,
        ]);
      await eventually("The choice", 120, () =>
        platform.kubectl.exists("kustomization", "flux-system", "notifications") ? true : undefined,
      );
      await platform.flux.becomesReady("kustomization", "flux-system", "notifications", 240);
    }, 600_000);

    afterAll(async () => {
      await platform?.stop();
      await new Promise((resolve) => proxy.close(resolve));
    });

    const about = (name: string) => messages.filter(({ body }) => body.includes(`kustomization/${name}.flux-system`));

    /**
     * What became of a commit at a Kustomization. Asks for nothing: the root, which the same commit wakes, would take
     * the annotation away again.
     */
    const outcome = (name: string, revision: string) =>
      eventually(`${revision} at ${name}`, 120, () => {
        const object = platform.kubectl.get("kustomization", "flux-system", name);
        const status = ready(object)?.status;
        return object.status?.lastAttemptedRevision === revision && status !== "Unknown" ? status : undefined;
      });

    it("says nothing while all is well", () => {
      expect(about("storage")).toEqual([]);
    });

    describeWith(stateMetricsPrograms)("and kube-state-metrics", () => {
      let stateMetrics: StateMetrics;

      beforeAll(async () => {
        createSamples(platform.kubectl);
        stateMetrics = await StateMetrics.start(platform.kubectl);
      });

      afterAll(() => stateMetrics?.stop());

      it("has every metric by the name that alerts and dashboards ask for", async () => {
        const asked = new Set(
          JSON.stringify(buildPart("dev", "alerts", clusterSettings("dev"))).match(/\b(kube|flux)_[a-z_]+\b/g),
        );
        const missing = () => {
          const metrics = stateMetrics.metrics();
          return [...asked].filter((name) => !metrics.includes(`# HELP ${name} `));
        };
        expect(asked.size).toBeGreaterThan(15);
        await eventually(
          "All metrics",
          120,
          () => (missing().length === 0 ? true : undefined),
          () => `${missing().join(", ")}\n${stateMetrics.log()}`,
        );
      });

      it("says of Flux's objects whether they are Ready", async () => {
        const states = () =>
          [
            ...stateMetrics
              .metrics()
              .matchAll(
                /^flux_resource_info\{.*customresource_kind="Kustomization".*name="guards",namespace="flux-system",ready="([A-Za-z]+)".*\} 1$/gm,
              ),
          ].map(([, state]) => state);
        expect(
          await eventually(
            "The state of guards",
            120,
            () => (states().length > 0 ? states() : undefined),
            () =>
              stateMetrics
                .metrics()
                .split("\n")
                .filter((line) => line.startsWith("flux_"))
                .join("\n"),
          ),
        ).toEqual(["True"]);
      });
    });

    describeWith(alertmanagerPrograms)("and Alertmanager, by its operator", () => {
      let configuration: AlertmanagerConfiguration;

      beforeAll(async () => {
        configuration = await AlertmanagerConfiguration.make(platform.kubectl);
      });

      afterAll(() => configuration?.remove());

      it("is given a configuration that it can read, with the webhook of the Secret and the site's proxy", () => {
        expect(configuration.check()).toMatchObject({
          status: 0,
          output: expect.stringContaining("SUCCESS") as string,
        });
        expect(configuration.text).toContain(`api_url: ${webhook}`);
        expect(configuration.text).toContain("proxy_from_environment: true");
      });

      it("tells Slack of what is critical or a warning in any namespace, and nobody of what is only for information", () => {
        expect(configuration.receivers({ alertname: "NodeNotReady", severity: "critical" })).toBe(
          "monitoring/slack/slack",
        );
        expect(configuration.receivers({ alertname: "QuotaUsedUp", severity: "warning", namespace: "atlas" })).toBe(
          "monitoring/slack/slack",
        );
        expect(configuration.receivers({ alertname: "Watchdog", severity: "info" })).toBe("monitoring/slack/nobody");
      });
    });

    it("sends what is wrong with a broken commit to the webhook, through the proxy", async () => {
      const revision = breakStorage(platform.repository);
      await platform.flux.reconcile("gitrepository", "flux-system", "flux-system");
      expect(await outcome("storage", revision)).toBe("False");
      const [message] = await eventually(
        "The message",
        120,
        () => (about("storage").length > 0 ? about("storage") : undefined),
        () => platform.flux.log("notification-controller"),
      );
      expect(message!.url).toBe(webhook);
      expect(message!.body).toContain("StorageKlass");
      expect(JSON.parse(message!.body)).toMatchObject({
        attachments: [
          {
            color: "danger",
            author_name: "kustomization/storage.flux-system",
            fields: expect.arrayContaining([{ title: "cluster", value: "dev", short: false }]) as object,
          },
        ],
      });
    });

    it("says no more once it is mended", async () => {
      const revision = platform.repository.revert();
      await platform.flux.reconcile("gitrepository", "flux-system", "flux-system");
      for (const name of ["flux-system", "storage"]) expect(await outcome(name, revision)).toBe("True");
      const before = about("storage").length;
      expect((await platform.flux.reconcile("kustomization", "flux-system", "storage")).status).toBe("True");
      expect(about("storage").length).toBe(before);
    });
  },
);
