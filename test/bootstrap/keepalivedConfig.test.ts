import { renderKeepalivedConfig } from "../../src/bootstrap/keepalivedConfig";
import { sampleConfig, sampleFacts, virtualIp } from "./samples";

describe("keepalived's configuration", () => {
  it("gives the virtual IP to one of equals whose API server serves", () => {
    expect(renderKeepalivedConfig(sampleFacts(sampleConfig(virtualIp)), 7)).toBe(`global_defs {
  enable_script_security
  script_user root
  vrrp_garp_master_refresh 60
}
vrrp_script api {
  script /usr/libexec/keepalived/check-api.sh
  interval 1
  timeout 3
  fall 2
  rise 2
  weight -50
  init_fail
}
vrrp_instance api {
  state BACKUP
  interface @NODE_INTERFACE@
  virtual_router_id 7
  priority 100
  advert_int 1
  include /etc/keepalived/peers.conf
  virtual_ipaddress {
    10.10.0.5/32
  }
  track_script {
    api
  }
}
`);
  });
});
