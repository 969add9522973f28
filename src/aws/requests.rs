//! A session's request of each operation of the list, from the client that the operation's class and fence ask for.

use super::call::Call;
use super::client::{client, endpoint};
use super::operations::{Operation, with_operations};
use super::session::Session;
use crate::model::fault::call::Target;

macro_rules! requests {
    (
        signing_in $own:literal { $($early:ident,)* }
        $($service:ident: $sdk:ident, $prefix:literal { $($name:ident $method:ident $builder:ident: $access:expr, $bucket:expr, [$($member:literal),*];)* })*
    ) => {
        impl Session {
            $($(pub fn $method(
                &self,
                target: Target,
            ) -> Call<'_, $sdk::operation::$method::builders::$builder> {
                let access = Operation::$name.access();
                let of_kind = &self.clients.$service[usize::from(access.is_repeatable())][usize::from(access.is_fenced())];
                let client = of_kind.get_or_init(|| {
                    let fence = access.is_fenced().then(|| self.fence.clone());
                    client!($sdk, $prefix, &self.account, &self.config, self.partition, fence, access.is_repeatable())
                });
                Call::new(self, Operation::$name.on(target), client.$method())
            })*)*
        }
    };
}

with_operations!(requests);
