//! A signed call, from the request to the answer.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

use super::World;
use crate::model::ids::AccountId;
use crate::sandbox::faults::{Disturbance, Kind, ReadCall, is_read, renew};
use crate::sandbox::iam::actions;
use crate::sandbox::log::{Entry, without_secrets};
use crate::sandbox::service::{Answer, AwsError, Call};
use crate::sandbox::sigv4::{self, Signed};
use crate::sandbox::sts;
use crate::sandbox::wire::{self, CommonFault, Wire, answer, error_of};

impl World {
    pub(super) fn api(&mut self, request: &Request<Bytes>) -> Response<Bytes> {
        let request_id = self.ids.uuid();
        let said = match wire::read(request) {
            Ok(said) => said,
            Err(e) => {
                let mut error = AwsError::new(e.code, e.message);
                error.status = e.status;
                return answer::failure(e.protocol, &error, &request_id);
            }
        };
        // For any caller, signed or not.
        if let Err(unknown) = wire::shape::known(&said) {
            return self.reply(&said, None, Err(unknown), None, &request_id);
        }
        if sts::is_unsigned(said.service, &said.op) {
            return self.unsigned(&said, &request_id);
        }
        let signed = sigv4::authenticate(request, said.service, &self.directory, self.now);
        let (outcome, fault) = match &signed {
            Ok(signed) => {
                let fault = self.faults.take(&said.op, &signed.caller.account);
                self.answer(&said, signed, fault)
            }
            Err(fault) => (Err(error_of(fault, said.service)), None),
        };
        self.reply(&said, signed.ok(), outcome, fault, &request_id)
    }

    /// A call without a signature: there is no caller, and the account is that of the requested role.
    fn unsigned(&mut self, said: &Wire, request_id: &str) -> Response<Bytes> {
        let fault = role_owner(said).and_then(|account| self.faults.take(&said.op, &account));
        let ordered = fault.as_ref().and_then(|kind| instead(kind, said, "nobody"));
        let outcome = ordered.unwrap_or_else(|| {
            wire::shape::validate(said)?;
            sts::handle_unsigned(&said.input, &mut self.directory, &mut self.ids, self.now)
        });
        self.reply(said, None, outcome, fault, request_id)
    }

    fn reply(
        &mut self,
        said: &Wire,
        signed: Option<Signed>,
        mut outcome: Answer,
        mut fault: Option<Kind>,
        request_id: &str,
    ) -> Response<Bytes> {
        if let Some(kind @ Kind::NewEnum(path)) = &fault {
            let account = signed.as_ref().map(|s| s.caller.account.clone()).or_else(|| role_owner(said));
            let renewed = outcome.as_mut().is_ok_and(|output| renew(output, path));
            match account.filter(|_| renewed) {
                Some(account) => self.faults.served(kind, &said.op, &account),
                None => fault = None,
            }
        }
        self.note_call(said, signed, &outcome, fault.clone());
        let mut response = match &outcome {
            Ok(output) => answer::success(said.protocol, &said.op, output, request_id),
            Err(error) => answer::failure(said.protocol, error, request_id),
        };
        disturb(&mut response, fault.as_ref());
        response
    }

    /// The answer, and the fault that it met.
    fn answer(&mut self, said: &Wire, signed: &Signed, fault: Option<Kind>) -> (Answer, Option<Kind>) {
        if let Some(ordered) = fault.as_ref().and_then(|kind| instead(kind, said, &signed.caller.arn)) {
            return (ordered, fault);
        }
        let (account, region) = (signed.caller.account.clone(), signed.region.clone());
        let answer = self.truly(said, signed);
        let (Ok(fresh), true) = (&answer, is_read(&said.op)) else {
            return (answer, fault.filter(|kind| *kind != Kind::StaleRead));
        };
        let (caller, op, input) = (signed.caller.arn.clone(), said.op.clone(), said.input.clone());
        let read = ReadCall { caller, account, region, op, input };
        if fault != Some(Kind::StaleRead) {
            self.faults.remember(read, fresh);
            return (answer, fault);
        }
        match self.faults.stale(&read, fresh).cloned() {
            Some(old) => {
                self.faults.served(&Kind::StaleRead, &said.op, &read.account);
                (Ok(old), fault)
            }
            None => {
                self.faults.remember(read, fresh);
                (answer, None)
            }
        }
    }

    fn truly(&mut self, said: &Wire, signed: &Signed) -> Answer {
        let common = |fault: CommonFault| Err(error_of(&fault, said.service));
        if !self.quotas.take(said.service, &said.op, &signed.caller.account, &signed.region, self.now) {
            return common(CommonFault::Throttled);
        }
        wire::shape::validate(said)?;
        let account = signed.caller.account.clone();
        let needs = actions::needed(said.service, &said.op, &said.input, &account, &signed.region);
        if let Err(denial) = self.permit(&signed.caller, &needs) {
            return common(CommonFault::Denied(denial.0));
        }
        let call = Call {
            op: &said.op,
            input: &said.input,
            account: &account,
            region: &signed.region,
            principal: &signed.caller.arn,
            now: self.now,
        };
        self.dispatch(said.service, &call, &signed.caller)
    }

    fn note_call(&mut self, said: &Wire, signed: Option<Signed>, outcome: &Answer, fault: Option<Kind>) {
        let (status, code) = match outcome {
            Ok(_) => (200, "OK".to_owned()),
            Err(e) => (e.status, e.code.clone()),
        };
        let entry = Entry {
            seq: 0,
            at: self.now,
            service: said.service.signing_name().to_owned(),
            operation: said.op.clone(),
            account: signed.as_ref().map(|s| s.caller.account.to_string()),
            principal: signed.map(|s| s.caller.arn),
            status,
            code,
            input: without_secrets(&said.input),
            fault,
        };
        self.note(entry);
    }
}

/// The account of the requested role.
fn role_owner(said: &Wire) -> Option<AccountId> {
    said.input.get("RoleArn").and_then(Value::as_str).and_then(super::owner)
}

/// The answer of an ordered fault instead of the call's; `None` if the call takes place.
fn instead(kind: &Kind, said: &Wire, caller: &str) -> Option<Answer> {
    let common = |fault: CommonFault| Some(Err(error_of(&fault, said.service)));
    match kind {
        Kind::Throttle => common(CommonFault::Throttled),
        Kind::ServerError => common(CommonFault::Internal),
        Kind::ExpiredToken => common(CommonFault::ExpiredToken),
        Kind::AccessDenied => {
            let action = format!("{}:{}", said.service.signing_name(), said.op);
            let message = format!("User: {caller} is not authorized to perform: {action} with an explicit deny");
            common(CommonFault::Denied(message))
        }
        // What it answers is never seen.
        Kind::ResetBefore => Some(Ok(Value::Null)),
        Kind::ResetAfter | Kind::Slow(_) | Kind::StaleRead | Kind::NewEnum(_) => None,
    }
}

/// Marks a response that the transport is to lose or hold back.
pub(super) fn disturb(response: &mut Response<Bytes>, fault: Option<&Kind>) {
    let disturbance = match fault {
        Some(Kind::ResetBefore | Kind::ResetAfter) => Disturbance::Reset,
        Some(Kind::Slow(milliseconds)) => Disturbance::Delay(*milliseconds),
        Some(
            Kind::Throttle
            | Kind::ServerError
            | Kind::AccessDenied
            | Kind::ExpiredToken
            | Kind::StaleRead
            | Kind::NewEnum(_),
        )
        | None => return,
    };
    response.extensions_mut().insert(disturbance);
}
