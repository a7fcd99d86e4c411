//! Constants that are not in an `Arc`.

use mpcal_runtime::resource::Shared;

include!("cluster.rs.inc");

fn main() {
    let _ = model::Member::new(1, &model::Constants {}, model::MemberParameters {
        network: network(),
        alarm: alarm(),
        total: Shared::new(0),
        limit: 1,
        nickname: "n",
    });
}
