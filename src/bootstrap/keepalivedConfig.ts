/** keepalived on the control plane: which machine holds the virtual IP. */
import type { ControlPlaneFacts } from "./inputs";
import { etcDirectory } from "./machineFile";

/**
 * Script that tells whether the machine's own API server serves; SELinux lets keepalived run scripts of this folder
 * only.
 */
export const checkApiPath = "/usr/libexec/keepalived/check-api.sh";

/**
 * All machines have the same priority, so that the virtual IP moves only when it must; one whose API server does not
 * serve falls below those whose does, but stays eligible, because the machine that inits needs the address before its
 * API server runs. With an advertisement each second a dead holder is replaced after 3.6 s (RFC 5798: three intervals
 * and a skew). Peers are named one by one, because many networks drop multicast, in a file of their own that
 * refresh-peers.sh keeps: machines may be added later.
 */
export function renderKeepalivedConfig(
  facts: Pick<ControlPlaneFacts, "endpointHost">,
  virtualRouterId: number,
): string {
  return [
    "global_defs {",
    "  enable_script_security",
    "  script_user root",
    "  vrrp_garp_master_refresh 60",
    "}",
    "vrrp_script api {",
    `  script ${checkApiPath}`,
    "  interval 1",
    "  timeout 3",
    "  fall 2",
    "  rise 2",
    "  weight -50",
    "  init_fail",
    "}",
    "vrrp_instance api {",
    "  state BACKUP",
    "  interface @NODE_INTERFACE@",
    `  virtual_router_id ${virtualRouterId}`,
    "  priority 100",
    "  advert_int 1",
    "  include /etc/keepalived/peers.conf",
    "  virtual_ipaddress {",
    `    ${facts.endpointHost}/32`,
    "  }",
    "  track_script {",
    "    api",
    "  }",
    "}",
    "",
  ].join("\n");
}

export const keepalivedTemplatePath = `${etcDirectory}/keepalived.conf`;
