//! `organisation.toml`: who this is, and the time zone of its bare local times.

use model::ids::TenantId;

use super::context::Context;
use crate::tomlpos::Doc;

const FILE: &str = "organisation.toml";

/// Newest `format` that is read.
const FORMAT_NEWEST: i64 = 1;

pub(super) fn read(context: &mut Context, text: Option<&str>) {
    let Some(text) = text else { return };
    let doc = Doc::parse(FILE, text);
    if doc.is_readable() {
        let mut root = doc.root();
        root.need_format(FORMAT_NEWEST);
        if let Some(name) = root.need_str("name") {
            context.organisation.name = name.value;
        }
        if let Some(zone) = root.need_time_zone("time_zone") {
            context.organisation.time_zone = zone.value;
        }
        if let Some(tenant) = root.take_id("tenant", TenantId::parse) {
            context.organisation.tenant = tenant.value;
        }
        context.keep(FILE, "", &root.extras());
        root.finish();
    }
    context.problems.extend(doc.into_problems());
}
