//! AssumeRoleWithWebIdentity: a role assumed with an OpenID Connect token, as CI systems do. The token's signature is NOT
//! checked, and nobody's keys are fetched: whoever can write JSON can be anybody here. What is checked is what a trust
//! policy can be wrong about: the issuer, the audience, the times, and the conditions on `sub` and `aud`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{Asked, Issue, denied, duration, invalid, issue, role_of};
use crate::sandbox::fresh::Fresh;
use crate::sandbox::iam::policy::Effect;
use crate::sandbox::iam::{Context, Directory, Role};
use crate::sandbox::service::{Answer, AwsError};

/// The claim that sets a session's source identity.
const SOURCE_IDENTITY: &str = "https://aws.amazon.com/source_identity";

/// Answers the call, which nobody signs.
pub fn assume(input: &Value, directory: &mut Directory, fresh: &mut Fresh, now: Timestamp) -> Answer {
    let asked = Asked::read(input)?;
    let (account, name) = role_of(&asked.role_arn).ok_or_else(|| invalid(format!("{} is invalid", asked.role_arn)))?;
    let token = input.get("WebIdentityToken").and_then(Value::as_str).unwrap_or_default();
    let claims = Claims::read(token).ok_or_else(|| {
        identity(
            "InvalidIdentityToken",
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        )
    })?;
    let issuer = claims.text("iss").unwrap_or_default().to_owned();
    let host = issuer.strip_prefix("https://").unwrap_or(&issuer).trim_end_matches('/').to_owned();
    let audiences = directory.oidc_audiences(&account, &host).ok_or_else(|| {
        identity("InvalidIdentityToken", format!("No OpenIDConnect provider found in your account for {issuer}"))
    })?;
    let audience = claims.audience().filter(|a| audiences.contains(a)).map(str::to_owned);
    let audience = audience.ok_or_else(|| identity("InvalidIdentityToken", "Incorrect token audience"))?;
    claims.in_time(now)?;

    let provider = format!("arn:aws:iam::{account}:oidc-provider/{host}");
    let source_identity = claims.text(SOURCE_IDENTITY).map(str::to_owned);
    let context = context(&claims, &host, &provider, &audience, &asked.session_name, source_identity.as_deref());
    // AWS does not tell a role that is not there from one that may not be assumed.
    let refused = |action: &str| denied(format!("Not authorized to perform {action}"));
    let role = directory.role(&account, &name).ok_or_else(|| refused("sts:AssumeRoleWithWebIdentity"))?;
    let mut actions = vec!["sts:AssumeRoleWithWebIdentity"];
    actions.extend(source_identity.is_some().then_some("sts:SetSourceIdentity"));
    for action in actions {
        if !trusts(role, &provider, action, &asked.role_arn, &context) {
            return Err(refused(action));
        }
    }
    let duration = duration(asked.duration, role, false)?;
    let subject = claims.text("sub").unwrap_or_default().to_owned();
    let mut output = issue(
        Issue {
            account,
            role: name,
            role_id: role.id.clone(),
            session_name: asked.session_name,
            source_identity,
            tags: Default::default(),
            transitive: Default::default(),
            policy: asked.policy,
            federated: Some(provider.clone()),
            duration,
        },
        directory,
        fresh,
        now,
    );
    output["SubjectFromWebIdentityToken"] = json!(subject);
    output["Provider"] = json!(provider);
    output["Audience"] = json!(audience);
    Ok(output)
}

fn identity(code: &str, message: impl Into<String>) -> AwsError {
    AwsError::new(code, message)
}

fn trusts(role: &Role, provider: &str, action: &str, resource: &str, context: &Context) -> bool {
    let says = |effect: Effect| {
        let of_effect = role.trust.statements.iter().filter(|s| s.effect == effect && s.names_provider(provider));
        of_effect.into_iter().any(|s| s.speaks_of(action, resource, context))
    };
    says(Effect::Allow) && !says(Effect::Deny)
}

/// The condition keys that such a token gives: `HOST:aud`, `HOST:sub` and so on.
fn context(
    claims: &Claims,
    host: &str,
    provider: &str,
    audience: &str,
    session_name: &str,
    source_identity: Option<&str>,
) -> Context {
    let mut context = Context::new()
        .with("aws:FederatedProvider", provider)
        .with("sts:RoleSessionName", session_name)
        .with(&format!("{host}:aud"), audience);
    for claim in ["sub", "email"] {
        if let Some(value) = claims.text(claim) {
            context.add(&format!("{host}:{claim}"), value);
        }
    }
    if claims.text("azp").is_some() {
        for other in claims.texts("aud") {
            context.add(&format!("{host}:oaud"), other);
        }
    }
    for value in claims.texts("amr") {
        context.add(&format!("{host}:amr"), value);
    }
    if let Some(source) = source_identity {
        context.add("sts:SourceIdentity", source);
    }
    context
}

/// The payload of a token.
struct Claims(Map<String, Value>);

impl Claims {
    fn read(token: &str) -> Option<Claims> {
        let mut parts = token.split('.');
        let (header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
        let part = |text: &str| -> Option<Map<String, Value>> {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?).ok()
        };
        part(header)?.get("alg").filter(|_| parts.next().is_none())?;
        Some(Claims(part(payload)?))
    }

    fn text(&self, claim: &str) -> Option<&str> {
        self.0.get(claim).and_then(Value::as_str)
    }

    /// A claim that is a text or a list of them.
    fn texts(&self, claim: &str) -> Vec<&str> {
        match self.0.get(claim) {
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(one)) => vec![one],
            _ => Vec::new(),
        }
    }

    /// `azp` where the token has it, `aud` otherwise, as IAM's `HOST:aud` has it.
    fn audience(&self) -> Option<&str> {
        self.text("azp").or_else(|| self.texts("aud").first().copied())
    }

    fn time(&self, claim: &str) -> Option<Timestamp> {
        Timestamp::from_second(self.0.get(claim)?.as_f64()? as i64).ok()
    }

    fn in_time(&self, now: Timestamp) -> Result<(), AwsError> {
        let Some(expires) = self.time("exp") else {
            return Err(identity("InvalidIdentityToken", "Missing a required claim: exp"));
        };
        if self.time("nbf").is_some_and(|at| at > now) {
            return Err(identity("InvalidIdentityToken", "The ID Token is not valid yet"));
        }
        if expires <= now {
            let message = format!(
                "Token expired: current date/time {} must be before the expiration date/time {}",
                now.as_second(),
                expires.as_second()
            );
            return Err(identity("ExpiredTokenException", message));
        }
        Ok(())
    }
}
