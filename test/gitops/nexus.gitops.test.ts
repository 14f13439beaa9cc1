/**
 * The example of porting an application (docs/porting.md, gitops/apps/nexus) as two tenants would have it, one per
 * environment: installed, changed and rolled back through Git by the real Flux, helm-controller included, on a real API
 * server. Not shown: that its images run, as there are no nodes; pods are declared ready (live/kubelet.ts).
 */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { renderTenantFile } from "../../scripts/tenant/renderTenantFile";
import { controlPlanePrograms } from "./live/controlPlane";
import { fluxPrograms, helmControllerPrograms } from "./live/flux";
import type { Repository } from "./live/gitServer";
import type { Kubectl } from "./live/kubectl";
import { StandInKubelet } from "./live/kubelet";
import { edit, handOverAgeKey, type Platform, startPlatform } from "./live/platform";
import { eventually } from "./live/processes";
import { type AgeKey, ageKey, encrypt, sopsPrograms } from "./sops";
import { describeWith, gitopsFolder } from "./toolbox";

jest.setTimeout(300_000);

/** The tenants of the test by environment; the names under which they may be reached follow from theirs. */
const environments = { dev: "nexus", prod: "nexus-prod" } as const;
type Environment = keyof typeof environments;
const all = Object.keys(environments) as Environment[];

describeWith([...controlPlanePrograms, ...fluxPrograms, ...helmControllerPrograms, ...sopsPrograms])(
  "the ported application",
  () => {
    let platform: Platform;
    let kubectl: Kubectl;
    let kubelet: StandInKubelet;
    let nexus: Repository;
    let key: AgeKey;

    beforeAll(async () => {
      key = ageKey();
      platform = await startPlatform(
        (repository, git) => {
          nexus = git.create("nexus");
          cpSync(join(gitopsFolder, "apps", "nexus"), nexus.folder, { recursive: true });
          for (const environment of all) {
            const secret = {
              apiVersion: "v1",
              kind: "Secret",
              metadata: { name: "nexus-database" },
              stringData: { password: `of-${environment}` },
            };
            nexus.write(`${environment}/database.sops.yaml`, encrypt(secret, key));
            const tenant = {
              name: environments[environment],
              group: "nexus-developers",
              cpu: "20",
              memory: "64Gi",
              storage: "500Gi",
              egress: [],
              git: { url: nexus.url, path: `./${environment}`, credentials: false, sops: true },
            };
            const file = `gitops/tenants/dev/${tenant.name}.yaml`;
            repository.write(file, renderTenantFile(tenant));
            // The database of prod outlives its claim (storageClass: cinder-retain), which the tenant's file must
            // allow.
            edit(repository, file, "STORAGE: 500Gi", "STORAGE: 500Gi\n      RETAINED_STORAGE: 500Gi");
          }
          // Both environments live on the test's one cluster, so the hostname of prod is the dev cluster's.
          edit(nexus, "prod/values.yaml", "nexus.apps.prod.example.org", "nexus-prod.apps.dev.example.org");
          nexus.commit("The application");
        },
        { withHelm: true },
      );
      kubectl = platform.kubectl;
      kubelet = new StandInKubelet(kubectl, Object.values(environments));
      for (const namespace of Object.values(environments)) {
        await eventually(
          `tenant ${namespace}`,
          240,
          () => (kubectl.exists("kustomization", namespace, "tenant") ? true : undefined),
          () => platform.flux.log(),
        );
        handOverAgeKey(kubectl, namespace, key.identity);
      }
      for (const namespace of Object.values(environments)) {
        await platform.flux.reconcile("kustomization", namespace, "tenant");
        await becomesReady(namespace);
      }
    }, 900_000);

    afterAll(async () => {
      await kubelet?.stop();
      await platform?.stop();
    });

    const becomesReady = (namespace: string) =>
      eventually(
        `release of ${namespace}`,
        240,
        () => {
          const conditions = kubectl.get("helmrelease", namespace, "nexus").status?.conditions;
          return conditions?.find(({ type }) => type === "Ready")?.status === "True" ? true : undefined;
        },
        () =>
          `${kubectl.attempt(["get", "helmrelease", "nexus", "-n", namespace, "-o", "yaml"]).output}\n${platform.flux.log("helm-controller")}`,
      );

    const image = (namespace: string) => {
      const { template } = kubectl.get("deployment", namespace, "nexus").spec as {
        template: { spec: { containers: { image: string }[] } };
      };
      return template.spec.containers.map((container) => container.image);
    };

    /** A commit of the application's repository, until `seen` yields something. */
    const arrives = async <T>(namespace: string, what: string, revision: string, seen: () => T | undefined) => {
      await platform.flux.reconcile("gitrepository", namespace, "tenant");
      await platform.flux.reconcile("kustomization", namespace, "tenant", revision);
      return eventually(what, 240, seen, () => platform.flux.log("helm-controller"));
    };

    it("is installed with all that it needs, by the tenant's own account", () => {
      const kinds =
        "deployments,statefulsets,services,httproutes,networkpolicies,servicemonitors,poddisruptionbudgets,persistentvolumeclaims";
      const ofRelease = (namespace: string) =>
        kubectl
          .list(kinds, namespace)
          .filter(({ metadata }) => metadata.labels?.["openstack-kubernetes/owner"] !== "platform")
          .map(({ kind, metadata }) => `${String(kind)} ${metadata.name}`)
          .sort();
      const everywhere = [
        "Deployment nexus",
        "HTTPRoute nexus",
        "NetworkPolicy nexus-database",
        "NetworkPolicy nexus-service",
        "PersistentVolumeClaim data-nexus-database-0",
        "Service nexus",
        "Service nexus-database",
        "ServiceMonitor nexus",
        "StatefulSet nexus-database",
      ];
      expect(ofRelease("nexus")).toEqual(everywhere);
      expect(ofRelease("nexus-prod")).toEqual([...everywhere, "PodDisruptionBudget nexus"].sort());
      expect(kubectl.get("deployment", "nexus", "nexus").metadata).toMatchObject({
        labels: { "helm.toolkit.fluxcd.io/name": "nexus" },
      });
    });

    it("differs between its environments in what their values say, and in nothing else", () => {
      const facts = (namespace: string) => {
        const deployment = kubectl.get("deployment", namespace, "nexus").spec as { replicas: number };
        const claim = kubectl.get("persistentvolumeclaim", namespace, "data-nexus-database-0").spec as {
          storageClassName: string;
          resources: { requests: { storage: string } };
        };
        const route = kubectl.get("httproute", namespace, "nexus").spec as { hostnames: string[] };
        return [deployment.replicas, claim.resources.requests.storage, claim.storageClassName, ...route.hostnames];
      };
      expect(facts("nexus")).toEqual([1, "10Gi", "cinder", "nexus.apps.dev.example.org"]);
      expect(facts("nexus-prod")).toEqual([3, "200Gi", "cinder-retain", "nexus-prod.apps.dev.example.org"]);
      expect(image("nexus-prod")).toEqual(image("nexus"));
    });

    it("gets its password from Git, where nobody can read it", () => {
      for (const environment of all) {
        const data = kubectl.get("secret", environments[environment], "nexus-database").data as Record<string, string>;
        expect(Buffer.from(data.password ?? "", "base64").toString()).toBe(`of-${environment}`);
      }
    });

    it("is upgraded by a commit in the environment that it names only, and rolled back by a revert", async () => {
      const before = image("nexus");
      const values = "docker.io/bluebrain/nexus-delta:1.11.0";
      const revision = edit(
        nexus,
        "dev/values.yaml",
        "    service:\n",
        `    service:\n      image: ${values}\n`,
      ).commit("Nexus 1.11.0 on dev");
      await arrives("nexus", "The upgrade", revision, () => (image("nexus").includes(values) ? true : undefined));
      await becomesReady("nexus");
      expect(image("nexus-prod")).toEqual(before);
      await arrives("nexus", "The roll-back", nexus.revert(), () =>
        image("nexus").includes(values) ? undefined : true,
      );
      await becomesReady("nexus");
      expect(image("nexus")).toEqual(before);
      const history = (
        kubectl.get("helmrelease", "nexus", "nexus").status as unknown as {
          history: { version: number; status: string }[];
        }
      ).history;
      // Installed, upgraded, rolled back: three, and no more than these.
      expect(history[0]).toMatchObject({ version: 3, status: "deployed" });
    });

    it("is put back when it was changed by hand", async () => {
      kubectl.run([
        "patch",
        "deployment",
        "nexus",
        "-n",
        "nexus-prod",
        "--type=merge",
        "-p",
        '{"spec":{"replicas":1}}',
      ]);
      await platform.flux.reconcile("helmrelease", "nexus-prod", "nexus");
      await eventually("Its three replicas", 120, () =>
        (kubectl.get("deployment", "nexus-prod", "nexus").spec as { replicas: number }).replicas === 3
          ? true
          : undefined,
      );
    });

    /**
     * What helm-controller says of a commit that it cannot take; Flux waits for the release meanwhile, so nobody waits
     * for Flux here.
     */
    const refused = async (environment: Environment, from: string, to: string, reason: string) => {
      const namespace = environments[environment];
      edit(nexus, `${environment}/values.yaml`, from, to).commit(`A mistake on ${environment}`);
      await platform.flux.reconcile("gitrepository", namespace, "tenant");
      return eventually(
        "The refusal",
        240,
        () => {
          // Ready tells of the roll-back a moment later; Released keeps the reason.
          const conditions = kubectl.get("helmrelease", namespace, "nexus").status?.conditions ?? [];
          return conditions.find(({ status, message }) => status === "False" && message.includes(reason))?.message;
        },
        () => platform.flux.log("helm-controller"),
      );
    };

    it("keeps running as it was when a commit has values that the chart does not know", async () => {
      const before = image("nexus");
      expect(await refused("dev", "logLevel: DEBUG", "logLevle: DEBUG", "logLevle")).toContain("nexus");
      expect(image("nexus")).toEqual(before);
    });

    it("cannot take another tenant's hostname, even by its chart", async () => {
      const message = await refused(
        "prod",
        "nexus-prod.apps.dev.example.org",
        "nexus.apps.dev.example.org",
        "hostnames",
      );
      expect(message).toContain("nexus-prod--ANYTHING.apps.dev.example.org");
      // Helm rolls back what it could not finish.
      await eventually("The route as it was", 240, () => {
        const { hostnames } = kubectl.get("httproute", "nexus-prod", "nexus").spec as { hostnames: string[] };
        return hostnames.includes("nexus-prod.apps.dev.example.org") ? true : undefined;
      });
    });
  },
);
