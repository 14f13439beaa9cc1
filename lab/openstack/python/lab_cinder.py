"""Cinder's volume driver in the lab: volumes that exist in Cinder's books only.

Nova's fake hypervisor attaches nothing, so nothing needs to be there; states, sizes, quotas and attachments
are Cinder's own and therefore real.
"""

from cinder.volume import driver


class NothingDriver(driver.VolumeDriver):
    VERSION = "1.0"
    CAPACITY_GB = 100_000

    def check_for_setup_error(self):
        pass

    def _update_volume_stats(self):
        self._stats = {
            "volume_backend_name": self.configuration.safe_get("volume_backend_name"),
            "vendor_name": "lab",
            "driver_version": self.VERSION,
            "storage_protocol": "nothing",
            "total_capacity_gb": self.CAPACITY_GB,
            "free_capacity_gb": self.CAPACITY_GB,
            "reserved_percentage": 0,
            "multiattach": True,
        }

    def create_volume(self, volume):
        pass

    def delete_volume(self, volume):
        pass

    def extend_volume(self, volume, new_size):
        pass

    def create_snapshot(self, snapshot):
        pass

    def delete_snapshot(self, snapshot):
        pass

    def create_volume_from_snapshot(self, volume, snapshot):
        pass

    def create_cloned_volume(self, volume, src_vref):
        pass

    def clone_image(self, context, volume, image_location, image_meta, image_service):
        """Says that the image's content is on the volume already, so that Cinder copies nothing."""
        return {}, True

    def ensure_export(self, context, volume):
        pass

    def create_export(self, context, volume, connector):
        pass

    def remove_export(self, context, volume):
        pass

    def initialize_connection(self, volume, connector):
        return {"driver_volume_type": "fake", "data": {"volume_id": volume.id}}

    def terminate_connection(self, volume, connector, **kwargs):
        pass
