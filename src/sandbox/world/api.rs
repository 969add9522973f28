//! A signed call, from the request to the answer.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

use super::World;
use crate::sandbox::faults::{Disturbance, Kind, Question, is_read};
use crate::sandbox::iam::actions;
use crate::sandbox::log::{Entry, without_secrets};
use crate::sandbox::service::{Answer, AwsError, Call};
use crate::sandbox::sigv4::{self, Signed};
use crate::sandbox::sts;
use crate::sandbox::wire::{self, CommonFault, Wire, answer, error_of};

impl World {
    pub(super) fn api(&mut self, request: &Request<Bytes>) -> Response<Bytes> {
        let request_id = self.fresh.uuid();
        let said = match wire::read(request) {
            Ok(said) => said,
            Err(e) => {
                let mut error = AwsError::new(e.code, e.message);
                error.status = e.status;
                return answer::failure(e.protocol, &error, &request_id);
            }
        };
        if sts::is_unsigned(said.service, &said.op) {
            let outcome = sts::handle_unsigned(&said.input, &mut self.directory, &mut self.fresh, self.now);
            self.note_call(&said, None, &outcome, None);
            return respond(&said, &outcome, &request_id);
        }
        let signed = sigv4::authenticate(request, said.service, &self.directory, self.now);
        let (outcome, fault) = match &signed {
            Ok(signed) => {
                let fault = self.faults.take(&said.op, &signed.caller.account);
                (self.answer(&said, signed, fault), fault)
            }
            Err(fault) => (Err(error_of(fault, said.service)), None),
        };
        self.note_call(&said, signed.ok(), &outcome, fault);
        let mut response = respond(&said, &outcome, &request_id);
        disturb(&mut response, fault);
        response
    }

    fn answer(&mut self, said: &Wire, signed: &Signed, fault: Option<Kind>) -> Answer {
        let common = |fault: CommonFault| Err(error_of(&fault, said.service));
        let question =
            Question { account: signed.caller.account.clone(), op: said.op.clone(), input: said.input.clone() };
        match fault {
            Some(Kind::Throttle) => return common(CommonFault::Throttled),
            Some(Kind::ServerError) => return common(CommonFault::Internal),
            Some(Kind::ExpiredToken) => return common(CommonFault::ExpiredToken),
            Some(Kind::AccessDenied) => {
                let action = format!("{}:{}", said.service.signing_name(), said.op);
                let arn = &signed.caller.arn;
                let message = format!("User: {arn} is not authorized to perform: {action} with an explicit deny");
                return common(CommonFault::Denied(message));
            }
            // What it answers is never seen.
            Some(Kind::ResetBefore) => return Ok(Value::Null),
            Some(Kind::StaleRead) => {
                if let Some(old) = self.faults.stale(&question) {
                    return Ok(old.clone());
                }
            }
            Some(Kind::ResetAfter | Kind::Slow(_)) | None => {}
        }
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
        let outcome = self.dispatch(said.service, &call, &signed.caller);
        if let (Ok(output), true) = (&outcome, is_read(&said.op)) {
            self.faults.remember(question, output);
        }
        outcome
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

fn respond(said: &Wire, outcome: &Answer, request_id: &str) -> Response<Bytes> {
    match outcome {
        Ok(output) => answer::success(said.protocol, &said.op, output, request_id),
        Err(error) => answer::failure(said.protocol, error, request_id),
    }
}

/// Marks a response that the transport is to lose or hold back.
pub(super) fn disturb(response: &mut Response<Bytes>, fault: Option<Kind>) {
    let disturbance = match fault {
        Some(Kind::ResetBefore | Kind::ResetAfter) => Disturbance::Reset,
        Some(Kind::Slow(milliseconds)) => Disturbance::Delay(milliseconds),
        Some(Kind::Throttle | Kind::ServerError | Kind::AccessDenied | Kind::ExpiredToken | Kind::StaleRead) | None => {
            return;
        }
    };
    response.extensions_mut().insert(disturbance);
}
