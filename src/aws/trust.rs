//! The authorities that TLS to AWS is checked against: the system's, and those of `AWS_CA_BUNDLE` or a profile's `ca_bundle`, as
//! any AWS tool takes them. A company's inspecting proxy has its own.

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, ConnectorBuilder};
use aws_smithy_runtime_api::client::http::SharedHttpClient;

use crate::model::fault::Fault;
use crate::model::fault::credentials::CredentialsProblem;
use crate::outside::authorities;

/// The SDK's own client with these authorities beside the system's; `None` where nobody names any, for the SDK's default.
///
/// # Errors
/// `ToolMissing`: the file that is named cannot be read, or holds no certificate.
pub(super) fn http_client(of_profile: Option<&str>) -> Result<Option<SharedHttpClient>, Fault> {
    let Some(bundle) = authorities::named(of_profile)? else { return Ok(None) };
    let mut store = TrustStore::default();
    store.add_pem_certificate(bundle);
    let context = TlsContext::builder().with_trust_store(store).build();
    let context = context.map_err(|e| Fault::from(CredentialsProblem::BundleUnusable).said(e.to_string()))?;
    // As the SDK's default client is built, but for the authorities.
    let client = Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = ConnectorBuilder::default()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(context.clone())
            .proxy_config(ProxyConfig::from_env());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.build()
    });
    Ok(Some(client))
}
