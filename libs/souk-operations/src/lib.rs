//! Work that goes on after the call that started it (`souk.operations.v1`): the service that
//! follows it, and the worker that carries it out.
//!
//! A service that has such a method stores its input, starts an operation in the same transaction
//! ([`souk_data::operation::start`]), returns [`answer`], and has a worker ([`carry_out`]) whose
//! steps each are a transaction of the work and of its progress.
#![warn(missing_docs)]

mod convert;
mod error;
mod rpc;
mod work;

use prost::{Message, Name};
use prost_types::Any;
use souk_chassis::{Host, Service};
use souk_client::operations::v1::operation_service;
use souk_data::Db;

pub use convert::answer;
pub use error::Error;
pub use work::{canceled, carry_out};

use rpc::OperationRpc;

/// What a service with operations adds to itself.
pub trait Operated {
    /// Serves `souk.operations.v1.OperationService` for the operations that these methods start,
    /// each as `/souk.catalog.v1.CatalogService/ImportProducts`. Who may call a method sees its
    /// operations.
    #[must_use]
    fn operations(self, host: &Host, db: &Db, methods: &'static [&'static str]) -> Self;
}

impl Operated for Service {
    fn operations(self, host: &Host, db: &Db, methods: &'static [&'static str]) -> Self {
        let rpc = OperationRpc {
            service: host.name().to_owned(),
            db: db.clone(),
            clock: host.clock(),
            drain: host.drain(),
            policies: methods.iter().filter_map(|path| self.contract().method(path)).collect(),
        };
        self.shared(operation_service::server(rpc))
    }
}

/// Encodes a message as the `google.protobuf.Any` of an operation.
pub fn any<M: Message + Name>(message: &M) -> Vec<u8> {
    let type_url = format!("type.googleapis.com/{}", M::full_name());
    Any { type_url, value: message.encode_to_vec() }.encode_to_vec()
}
