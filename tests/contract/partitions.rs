//! The table of partitions, compared with the SDK.

use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use kanmon::model::partition;

#[tokio::test]
async fn every_region_has_the_partition_that_the_sdk_gives_it() {
    let regions = partition::all().iter().flat_map(|p| p.regions.iter().map(move |r| (p, r)));
    let mut seen = 0;
    for (partition, region) in regions {
        let params = Params::builder().region(region).use_global_endpoint(false).build().unwrap();
        let endpoint = DefaultResolver::new().resolve_endpoint(&params).await.unwrap();
        let host = format!("https://sts.{region}.{}", partition.dns_suffix);
        assert_eq!(endpoint.url(), host, "{region}");
        assert_eq!(partition::of(region).unwrap().id, partition.id);
        seen += 1;
    }
    assert!(seen > 30, "{seen}");
}
