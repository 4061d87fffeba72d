// @generated from packages/protocol by packages/codegen; do not edit.

use reqwest::Method;

use super::Memories;
use crate::arguments::Target;
use crate::mode::Mode;
use crate::models::Memory;
use crate::request::Request;

impl<M: Mode> Memories<'_, M> {
    /// Fetch one memory.
    pub fn get(&self, memory: impl Into<Target>) -> M::Reply<Memory> {
        let Target { id, namespace } = memory.into();
        let request = Request::new("memories.get", Method::GET, "/v1/memory/get/{}", &[&id])
            .query("agent_id", namespace);
        self.0.send(request)
    }
}

impl From<&Memory> for Target {
    fn from(memory: &Memory) -> Self {
        (&memory.agent_id, &memory.id).into()
    }
}
