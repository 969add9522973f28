//! AssumeRoleWithWebIdentity: needs an identity provider's token and the role's trust. The token's signature is not checked: there is no
//! provider here to ask for its keys. A provider exists if a trust policy names it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::Value;

use super::error::invalid;
use super::session::{duration, expiry, open, policy, role_of};
use crate::sandbox::iam::policy::Effect;
use crate::sandbox::iam::{Context, Directory, Policy, Session};
use crate::sandbox::id_generator::IdGenerator;
use crate::sandbox::service::{Answer, AwsError};
use crate::sandbox::wire::{CommonFault, Service, error_of};

const ACTION: &str = "sts:AssumeRoleWithWebIdentity";

/// The claims that AWS makes condition keys of.
struct Claims {
    issuer: String,
    subject: String,
    audience: String,
}

pub fn assume_role(input: &Value, directory: &mut Directory, ids: &mut IdGenerator, now: Timestamp) -> Answer {
    let text = |member: &str| input.get(member).and_then(Value::as_str).map(str::to_owned);
    let (role_arn, session_name) = (text("RoleArn").unwrap_or_default(), text("RoleSessionName").unwrap_or_default());
    let token = text("WebIdentityToken").unwrap_or_default();
    let asked = text("DurationSeconds").and_then(|d| d.parse().ok());
    let policy = policy(input)?;
    let claims = Claims::read(&token, now)?;
    let (account, name) = role_of(&role_arn).ok_or_else(|| invalid(format!("{role_arn} is invalid")))?;
    let denied = || error_of(&CommonFault::Denied(format!("Not authorized to perform {ACTION}")), Service::Sts);
    let role = directory.role(&account, &name).ok_or_else(denied)?;
    let provider = claims.provider(account.as_str());
    let context = claims.context().with("aws:FederatedProvider", &provider).with("sts:RoleSessionName", &session_name);
    if !trusts(&role.trust, &provider, &role_arn, &context) {
        return Err(denied());
    }
    let expires = expiry(now, duration(asked, role, false)?);
    let role_id = role.id.clone();
    let session = Session {
        role: name,
        name: session_name,
        source_identity: None,
        tags: Default::default(),
        transitive: Default::default(),
        policy,
        federated: Some(provider),
    };
    let mut output = open(directory, ids, account, &role_id, session, expires);
    output["Provider"] = claims.issuer.into();
    output["Audience"] = claims.audience.into();
    output["SubjectFromWebIdentityToken"] = claims.subject.into();
    Ok(output)
}

fn trusts(trust: &Policy, provider: &str, role: &str, context: &Context) -> bool {
    let says = |effect: Effect| {
        let mut statements = trust.statements.iter().filter(|s| s.effect == effect);
        statements.any(|s| s.names_provider(provider) && s.speaks_of(ACTION, role, context))
    };
    says(Effect::Allow) && !says(Effect::Deny)
}

impl Claims {
    fn read(token: &str, now: Timestamp) -> Result<Claims, AwsError> {
        let bad = |what: &str| AwsError::new("InvalidIdentityToken", format!("The ID Token provided is {what}"));
        let [_, payload, _] = token.split('.').collect::<Vec<_>>()[..] else {
            return Err(bad("not a valid JWT. (You may see this error if you sent an Access Token)"));
        };
        let decoded = URL_SAFE_NO_PAD.decode(payload).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let claims: Value = decoded.ok_or_else(|| bad("not a valid JWT"))?;
        let claim = |name: &str| {
            let found = claims.get(name).and_then(|c| c.as_str().or_else(|| c.get(0)?.as_str()));
            found
                .map(str::to_owned)
                .ok_or_else(|| AwsError::new("InvalidIdentityToken", format!("Missing a required claim: {name}")))
        };
        let expires = claims.get("exp").and_then(Value::as_i64).and_then(|s| Timestamp::from_second(s).ok());
        let expires = expires.ok_or_else(|| AwsError::new("InvalidIdentityToken", "Missing a required claim: exp"))?;
        let begins = claims.get("nbf").and_then(Value::as_i64).and_then(|s| Timestamp::from_second(s).ok());
        if begins.is_some_and(|at| at > now) {
            return Err(bad("not valid yet"));
        }
        if expires <= now {
            let message =
                format!("Token expired: current date/time {now} must be before the expiration date/time {expires}");
            return Err(AwsError::new("ExpiredTokenException", message));
        }
        Ok(Claims { issuer: claim("iss")?, subject: claim("sub")?, audience: claim("aud")? })
    }

    /// The issuer as condition keys and ARNs name it.
    fn host(&self) -> &str {
        self.issuer.strip_prefix("https://").unwrap_or(&self.issuer)
    }

    fn provider(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:oidc-provider/{}", self.host())
    }

    fn context(&self) -> Context {
        let host = self.host();
        Context::new().with(&format!("{host}:sub"), &self.subject).with(&format!("{host}:aud"), &self.audience)
    }
}
