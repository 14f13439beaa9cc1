/** The Service and the port behind a Route, whose port is one of the pods and not of the Service. */
import { counted } from "../config/counted";
import { type Fields, fieldsOf, type Manifest, recordsOf, textOf } from "./manifest";
import { containersOf, type Migration, ofKind, podSpecOf, selectedWorkloads } from "./target";

interface Backend {
  readonly service: Manifest | undefined;
  /** Port of the Service. */
  readonly port: number | undefined;
  /** Sentences about a port that had to be guessed, or is not there. */
  readonly problems: readonly string[];
}

export function backendOf(migration: Migration, project: string, name: string, routePort: unknown): Backend {
  const service = ofKind(migration, project, "Service").find(({ metadata }) => metadata.name === name);
  const wanted = textOf(routePort);
  if (service === undefined) {
    const port = /^\d+$/.test(wanted) ? Number(wanted) : undefined;
    return {
      service,
      port,
      problems: [`Service ${name} is not in the export; see whether it has the port of the route.`],
    };
  }
  const ports = recordsOf(fieldsOf(service.spec).ports);
  const found =
    wanted === ""
      ? ports[0]
      : (ports.find((port) => textOf(port.name) === wanted) ??
        ports.find((port) => textOf(port.targetPort ?? port.port) === wanted) ??
        ports.find((port) => textOf(port.port) === wanted));
  if (found === undefined)
    return { service, port: undefined, problems: [`Service ${name} has no port ${wanted}; name one in the route.`] };
  const problems =
    wanted === "" && ports.length > 1
      ? [
          `The route named no port and Service ${name} has ${counted(ports.length, "port")}; the first, ${textOf(found.port)}, is used.`,
        ]
      : [];
  return { service, port: Number(found.port), problems };
}

/** Ports of the pods behind a Service, as a NetworkPolicy takes them. Empty: unknown, or any. */
export function podPorts(migration: Migration, project: string, service: Manifest): Fields[] {
  const spec = fieldsOf(service.spec);
  const containers = selectedWorkloads(migration, project, fieldsOf(spec.selector)).flatMap((workload) =>
    containersOf(podSpecOf(workload)),
  );
  return recordsOf(spec.ports).flatMap(({ port, targetPort, protocol }) => {
    const target = targetPort ?? port;
    const named = containers.flatMap(({ ports }) => recordsOf(ports)).find(({ name }) => name === target);
    const number = Number(named?.containerPort ?? target);
    return [{ protocol: textOf(protocol) || "TCP", port: Number.isInteger(number) && number > 0 ? number : target }];
  });
}
