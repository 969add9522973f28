//! HTTP to one registry: its login, its redirects, and how much of its answers is read.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, StatusCode, Url};

use super::address::{is_same_server, may_follow};
use super::body::bounded;
use super::challenge::{self, Challenge};
use super::limits::Limits;
use super::request_error::{Nature, NotFollowed, RequestError};
use super::retry::Attempt;
use super::token;
use crate::model::fault::Fault;
use crate::model::fault::own::{OwnProblem, Part};
use crate::model::fault::registry::{AddressRefusal, RedirectRefusal, RegistryProblem, UnusableAnswer};
use crate::model::ids::Digest;
use crate::outside::authorities;
use crate::ports::fence::Fence;
use crate::ports::images::{Access, Login};

/// A host that does not answer a handshake in this time counts as unreachable.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A registry may think this long before it answers or sends on: ECR checks every layer of a manifest when it is put.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Registries redirect to their storage, and that at most to another region.
const REDIRECTS: usize = 5;

/// Errors are a sentence each; more of them is not worth reading.
const ERROR_LIMIT: u64 = 64 * 1024;

/// A session with a registry, for one repository.
pub struct Wire {
    /// `SCHEME://HOST[:PORT]/`
    origin: Url,
    login: Option<Login>,
    rights: Rights,
    /// What the session is for, as token servers name it.
    scope: String,
    /// Its read timeout would cut long uploads, since it runs until an answer's first byte: those go through `writer`.
    reader: Client,
    writer: Client,
    authorization: Mutex<Option<HeaderValue>>,
    pub limits: Limits,
}

/// What a session may do.
pub enum Rights {
    Pull,
    /// Each attempt of a request that changes something checks the fence.
    Push(Fence),
}

impl Rights {
    /// As token servers name them.
    fn actions(&self) -> &'static str {
        match self {
            Rights::Pull => "pull",
            Rights::Push(_) => "pull,push",
        }
    }

    /// Whether a request of this method may be sent now.
    fn check(&self, method: &Method) -> Result<(), Fault> {
        if method.is_safe() {
            return Ok(());
        }
        match self {
            Rights::Push(fence) => fence.check(),
            Rights::Pull => Err(OwnProblem::Broken { part: Part::RegistrySession }.into()),
        }
    }
}

/// A request, before a login is put on it.
pub struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Payload,
}

pub enum Payload {
    None,
    Bytes(Bytes),
    /// Read as it is sent, so that it can be sent once only.
    Stream(reqwest::Body),
}

impl Request {
    pub fn new(method: Method, url: Url) -> Request {
        Request { method, url, headers: HeaderMap::new(), body: Payload::None }
    }

    #[must_use]
    pub fn header(mut self, name: reqwest::header::HeaderName, value: HeaderValue) -> Request {
        self.headers.append(name, value);
        self
    }

    /// Whether it puts a manifest under something other than a digest: a second time, it would undo what somebody else set meanwhile.
    fn sets_tag(&self) -> bool {
        let path: Vec<&str> = self.url.path_segments().into_iter().flatten().collect();
        self.method == Method::PUT
            && matches!(path.as_slice(), [.., "manifests", reference] if reference.parse::<Digest>().is_err())
    }

    #[must_use]
    pub fn body(mut self, body: Payload) -> Request {
        self.body = body;
        self
    }
}

impl Wire {
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// `Invalid` where the host is none, or plain http would leave this machine.
    pub fn new(host: &str, path: &str, access: &Access, rights: Rights) -> Result<Wire, Fault> {
        let scheme = if access.insecure { "http" } else { "https" };
        // What references call Docker Hub is not where it answers.
        let host = if host == crate::image::reference::HUB { "registry-1.docker.io" } else { host };
        let invalid = || Fault::from(RegistryProblem::InvalidRegistry { host: host.to_owned() });
        let origin = Url::parse(&format!("{scheme}://{host}/")).map_err(|e| invalid().said(e.to_string()))?;
        if access.insecure && !super::address::is_loopback(&origin) {
            return Err(RegistryProblem::NotEncrypted { host: host.to_owned() }.into());
        }
        Ok(Wire {
            login: access.login.clone(),
            scope: format!("repository:{path}:{}", rights.actions()),
            rights,
            reader: client(access.insecure, Some(READ_TIMEOUT))?,
            writer: client(access.insecure, None)?,
            origin,
            authorization: Mutex::default(),
            limits: Limits::USUAL,
        })
    }

    /// An address of this registry.
    pub fn url(&self, path: &str) -> Url {
        let mut url = self.origin.clone();
        url.set_path(path);
        url
    }

    /// The address that the registry names, resolved against the one that was asked.
    ///
    /// # Errors
    /// `Unusable` where this registry may not lead there.
    pub fn resolve(&self, asked: &Url, location: &str) -> Result<Url, RequestError> {
        let refused = |refusal| RequestError::Unusable(UnusableAnswer::Location { refusal });
        let url =
            asked.join(location).map_err(|_| refused(AddressRefusal::Invalid { address: location.to_owned() }))?;
        may_follow(&self.origin, &url).map_err(refused)?;
        Ok(url)
    }

    /// Sends an attempt of a request, logging in where the registry asks for that. Only successes come back.
    ///
    /// # Errors
    /// What stopped it, by what it means.
    pub async fn send(&self, attempt: Attempt, mut ask: Request) -> Result<Response, RequestError> {
        if ask.sets_tag() && attempt.nature() != Nature::Once {
            return Err(RequestError::NotSent(OwnProblem::Broken { part: Part::RegistryRetry }.into()));
        }
        // The login is for this registry and for nothing that it leads to.
        let known = is_same_server(&self.origin, &ask.url).then(|| self.known()).flatten();
        let body = std::mem::replace(&mut ask.body, Payload::None);
        let again = match &body {
            Payload::None => Some(Payload::None),
            Payload::Bytes(bytes) => Some(Payload::Bytes(bytes.clone())),
            Payload::Stream(_) => None,
        };
        let response = self.once(&ask, body, known.clone()).await?;
        let wanted = match response.status() {
            StatusCode::UNAUTHORIZED if is_same_server(&self.origin, &ask.url) => challenge::of(response.headers()),
            _ => None,
        };
        let Some(wanted) = wanted else { return judged(response, &self.limits).await };
        // A password that is refused once is refused again; a token may only have run out.
        if known.is_some() && wanted == Challenge::Basic {
            return Err(refused(response, &self.limits).await);
        }
        let Some(body) = again else {
            *self.authorization.lock().unwrap_or_else(PoisonError::into_inner) = None;
            return Err(RequestError::LoginExpired);
        };
        let authorization = match self.authorize(&wanted).await? {
            Some(authorization) => authorization,
            None => return Err(refused(response, &self.limits).await),
        };
        *self.authorization.lock().unwrap_or_else(PoisonError::into_inner) = Some(authorization.clone());
        let response = self.once(&ask, body, Some(authorization)).await?;
        match response.status() {
            StatusCode::UNAUTHORIZED if challenge::of(response.headers()).is_some() => {
                Err(refused(response, &self.limits).await)
            }
            _ => judged(response, &self.limits).await,
        }
    }

    fn known(&self) -> Option<HeaderValue> {
        self.authorization.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn once(&self, ask: &Request, body: Payload, login: Option<HeaderValue>) -> Result<Response, RequestError> {
        self.rights.check(&ask.method).map_err(RequestError::NotSent)?;
        let long = matches!(body, Payload::Stream(_));
        let client = if long { &self.writer } else { &self.reader };
        let mut request = client.request(ask.method.clone(), ask.url.clone()).headers(ask.headers.clone());
        if let Some(login) = login {
            request = request.header(AUTHORIZATION, login);
        }
        request = match body {
            Payload::None => request,
            Payload::Bytes(bytes) => request.body(bytes),
            Payload::Stream(body) => request.body(body),
        };
        let response = async { request.send().await.map_err(RequestError::silent) };
        // An upload's answer comes after its body, whose size says how long that may take.
        if long { response.await } else { self.limits.answered(response).await }
    }

    /// `None`: the registry asks for a login, and there is none.
    async fn authorize(&self, wanted: &Challenge) -> Result<Option<HeaderValue>, RequestError> {
        let text = match wanted {
            Challenge::Basic => match &self.login {
                Some(login) => format!("Basic {}", STANDARD.encode(format!("{}:{}", login.username, login.password))),
                None => return Ok(None),
            },
            Challenge::Bearer { realm, service, scope } => {
                let mut scopes: Vec<&str> = scope.iter().map(String::as_str).collect();
                if !scopes.contains(&self.scope.as_str()) {
                    scopes.push(&self.scope);
                }
                let wanted = token::Wanted { realm, service: service.as_deref(), scopes };
                let token =
                    token::fetch(&self.reader, &self.origin, &wanted, self.login.as_ref(), &self.limits).await?;
                format!("Bearer {token}")
            }
        };
        let mut value = HeaderValue::from_str(&text).map_err(|_| RequestError::Unusable(UnusableAnswer::Token))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

async fn judged(response: Response, limits: &Limits) -> Result<Response, RequestError> {
    if response.status().is_success() {
        return Ok(response);
    }
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = bounded(response, ERROR_LIMIT, limits).await.unwrap_or_default();
    Err(RequestError::of_answer(status, &headers, &body))
}

/// A 401 with a challenge is the registry's own, whatever its body looks like.
async fn refused(response: Response, limits: &Limits) -> RequestError {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let body = bounded(response, ERROR_LIMIT, limits).await.unwrap_or_default();
    let error = RequestError::of_answer(status, &headers, &body);
    let foreign = matches!(error, RequestError::Foreign { .. });
    if foreign { RequestError::Refused { status, errors: Vec::new(), token_server: None } } else { error }
}

fn client(insecure: bool, read_timeout: Option<Duration>) -> Result<Client, Fault> {
    let follow = Policy::custom(|attempt| {
        if attempt.previous().len() > REDIRECTS {
            return attempt.error(NotFollowed(RedirectRefusal::TooMany { limit: REDIRECTS }));
        }
        let refused = attempt.previous().first().and_then(|from| may_follow(from, attempt.url()).err());
        match refused {
            // reqwest leaves the login out for another server.
            None => attempt.follow(),
            Some(refusal) => attempt.error(NotFollowed(RedirectRefusal::Address(refusal))),
        }
    });
    let mut builder = Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(follow)
        .tls_certs_merge(authorities::certificates())
        .user_agent(concat!("kanmon/", env!("CARGO_PKG_VERSION")));
    if let Some(timeout) = read_timeout {
        builder = builder.read_timeout(timeout);
    }
    if insecure {
        // Plain http is for loopback, where no proxy leads.
        builder = builder.no_proxy();
    }
    builder.build().map_err(|e| Fault::from(RegistryProblem::NoClient).said(e.to_string()))
}
