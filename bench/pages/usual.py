"""The overview written the usual way: pandas and altair over the same rollups; 5 metrics, 3 charts, 50 rows, 6 filters.

It is the page most tutorials would make, with its SQL narrowed and grouped in the database and nothing cached but the
engine: what a click on the product is measured against.
"""

import os

import altair as alt
import pandas as pd
import sqlalchemy as sa
import streamlit as st

MONTHS = """
SELECT received_month AS month, region, source, product, SUM(received) AS received, SUM(valid) AS valid,
       SUM(responded) AS responded, SUM(in_target) AS in_target, SUM(promised) AS promised,
       SUM(appointment_set) AS appointments, SUM(sold) AS sold
FROM lead_month
WHERE (:region = 'All' OR region = :region) AND (:state = 'All' OR state = :state)
  AND (:source = 'All' OR source = :source) AND (:product = 'All' OR product = :product)
GROUP BY received_month, region, source, product
"""
DEALERS = """
SELECT d.code, d.name, d.region, d.state, SUM(m.received) AS received, SUM(m.valid) AS valid,
       SUM(m.responded) AS responded, SUM(m.in_target) AS in_target, SUM(m.sold) AS sold,
       SUM(m.appointment_set) AS appointments
FROM lead_dealer_month m JOIN dealer d ON d.id = m.dealer_id
WHERE (:region = 'All' OR d.region = :region) AND (:state = 'All' OR d.state = :state)
  AND (:source = 'All' OR m.source = :source)
GROUP BY d.code, d.name, d.region, d.state ORDER BY received DESC LIMIT 50
"""


@st.cache_resource
def engine() -> sa.Engine:
    """The database, opened once."""
    return sa.create_engine(os.environ["DATABASE_URL"])


def names(query: str) -> list[str]:
    """What a filter offers."""
    return ["All", *pd.read_sql(sa.text(query), engine()).iloc[:, 0].astype(str)]


st.set_page_config(page_title="Usual", layout="wide")
st.title("Overview")
filters = st.columns(6)
period = filters[0].selectbox("Period", ["3 months", "6 months", "12 months", "24 months"], index=2)
region = filters[1].selectbox("Region", names("SELECT DISTINCT region FROM dealer ORDER BY region"))
state = filters[2].selectbox("State", names("SELECT DISTINCT state FROM dealer ORDER BY state"))
source = filters[3].selectbox("Source", names("SELECT DISTINCT source FROM lead_month ORDER BY source"))
product = filters[4].selectbox("Product", names("SELECT DISTINCT product FROM lead_month ORDER BY product"))
measure = filters[5].selectbox("Charts show", ["received", "sold", "appointments"])

chosen = {"region": region, "state": state, "source": source, "product": product}
data = pd.read_sql(sa.text(MONTHS), engine(), params=chosen)
data["month"] = pd.to_datetime(data["month"])
months = sorted(data["month"].unique())[-int(period.split()[0]) :]
data = data[data["month"].isin(months)]
total = data[["received", "valid", "responded", "in_target", "promised", "appointments", "sold"]].sum()

tiles = st.columns(5)
tiles[0].metric("Leads", f"{total['received']:,.0f}")
tiles[1].metric("Answered in time", f"{total['in_target'] / max(total['promised'], 1):.0%}")
tiles[2].metric("Appointments", f"{total['appointments']:,.0f}")
tiles[3].metric("Sold", f"{total['sold']:,.0f}")
tiles[4].metric("Close rate", f"{total['sold'] / max(total['valid'], 1):.1%}")

by_month = data.groupby("month", as_index=False)[["received", "sold", "appointments"]].sum()
by_region = data.groupby("region", as_index=False)[["received", "sold", "appointments"]].sum()
by_source = data.groupby("source", as_index=False)[["received", "sold", "appointments"]].sum()
left, middle, right = st.columns(3)
left.altair_chart(alt.Chart(by_month).mark_line().encode(x="month:T", y=f"{measure}:Q", tooltip=["month", measure]))
middle.altair_chart(alt.Chart(by_region).mark_bar().encode(x=f"{measure}:Q", y=alt.Y("region:N", sort="-x")))
right.altair_chart(alt.Chart(by_source).mark_bar().encode(x=f"{measure}:Q", y=alt.Y("source:N", sort="-x")))

dealers = pd.read_sql(sa.text(DEALERS), engine(), params=chosen)
dealers["close rate"] = dealers["sold"] / dealers["valid"].where(dealers["valid"] > 0)
st.dataframe(dealers, hide_index=True)
