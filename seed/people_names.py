"""Names, streets and mail hosts of people who do not exist."""

from __future__ import annotations

FIRST_NAMES = (
    "Abigail", "Adrian", "Aisha", "Alan", "Alicia", "Amara", "Andre", "Angela", "Anika", "Anthony", "Ariana", "Aaron",
    "Beatriz", "Benjamin", "Bianca", "Brandon", "Brianna", "Bruce", "Camila", "Carl", "Carmen", "Cedric", "Chloe",
    "Claire", "Colleen", "Connor", "Damian", "Daniela", "Darnell", "Deborah", "Derek", "Diana", "Dominic", "Donna",
    "Edgar", "Elena", "Eli", "Emma", "Erica", "Esteban", "Eugene", "Faith", "Felicia", "Fernando", "Fiona", "Frances",
    "Gabriel", "George", "Gloria", "Grace", "Gregory", "Hana", "Hannah", "Harold", "Hector", "Helen", "Hugo", "Ian",
    "Imani", "Isabel", "Ivan", "Jada", "James", "Janet", "Jasmine", "Javier", "Jerome", "Joan", "Joel", "Jordan",
    "Joseph", "Julia", "Kara", "Keith", "Kelly", "Kevin", "Kiara", "Kwame", "Lamar", "Laura", "Leo", "Leticia", "Linda",
    "Louis", "Lucia", "Luke", "Malik", "Marco", "Maria", "Marisol", "Martin", "Megan", "Mei", "Melissa", "Micah",
    "Monica", "Nadia", "Naomi", "Natalie", "Nathan", "Neil", "Nicole", "Noel", "Olga", "Olivia", "Omar", "Oscar",
    "Patricia", "Paul", "Penelope", "Peter", "Priya", "Quentin", "Rachel", "Rafael", "Ramona", "Raymond", "Rebecca",
    "Renee", "Ricardo", "Robert", "Rosa", "Russell", "Samantha", "Samuel", "Sandra", "Sarah", "Scott", "Sergio",
    "Shanice", "Simone", "Sofia", "Stella", "Stephen", "Tamika", "Tara", "Teresa", "Theodore", "Tiffany", "Trevor",
    "Valerie", "Vanessa", "Victor", "Vivian", "Walter", "Wendy", "William", "Xavier", "Yolanda", "Yusuf", "Zachary",
)  # fmt: skip
LAST_NAMES = (
    "Abbott", "Acosta", "Adler", "Aguilar", "Ahmed", "Allen", "Alvarez", "Anderson", "Archer", "Atkins", "Bailey",
    "Baker", "Banks", "Barrett", "Becker", "Bell", "Bennett", "Bishop", "Blake", "Boone", "Bowman", "Boyd", "Brennan",
    "Burke", "Byrd", "Cabrera", "Caldwell", "Campos", "Carson", "Carver", "Chandler", "Chang", "Chavez", "Clayton",
    "Coleman", "Conway", "Cortez", "Crane", "Cruz", "Dalton", "Daniels", "Delgado", "Diaz", "Dixon", "Donovan",
    "Douglas", "Doyle", "Drake", "Duarte", "Eaton", "Edwards", "Elliott", "Espinoza", "Farrell", "Fields", "Figueroa",
    "Fischer", "Fleming", "Flores", "Foster", "Fowler", "Franco", "Fuentes", "Gallagher", "Garza", "Gibbs", "Gill",
    "Glenn", "Goodman", "Graves", "Greene", "Griffin", "Guerrero", "Gupta", "Haas", "Hansen", "Harper", "Hayes",
    "Herrera", "Hobbs", "Holland", "Hopkins", "Hoffman", "Huang", "Hughes", "Hunter", "Ingram", "Jacobs", "Jimenez",
    "Johnston", "Keller", "Kelley", "Khan", "Kim", "Klein", "Knight", "Lambert", "Lane", "Larsen", "Le", "Leon",
    "Lindsey", "Lopez", "Lucas", "Lyons", "Maldonado", "Mann", "Marsh", "Mathis", "McBride", "McCoy", "McKenzie",
    "Medina", "Mendoza", "Meyer", "Molina", "Monroe", "Moody", "Morales", "Moreno", "Moss", "Munoz", "Nash", "Navarro",
    "Newton", "Nguyen", "Norris", "Nunez", "Oliver", "Ortega", "Osborne", "Owens", "Pacheco", "Page", "Parks", "Patel",
    "Pena", "Perry", "Pham", "Pierce", "Poole", "Porter", "Quinn", "Ramos", "Reeves", "Reid", "Reyes", "Rhodes",
    "Rivera", "Robbins", "Rojas", "Romero", "Rosario", "Rowe", "Ruiz", "Salazar", "Santana", "Schmidt", "Schultz",
    "Serrano", "Shah", "Sharma", "Shelton", "Silva", "Simmons", "Singh", "Sloan", "Soto", "Sparks", "Stokes", "Strong",
    "Sutton", "Tate", "Thornton", "Torres", "Tran", "Tucker", "Underwood", "Valdez", "Vargas", "Vaughn", "Vega",
    "Wagner", "Walsh", "Warren", "Watkins", "Webb", "Weiss", "West", "Whitaker", "Wilkins", "Winters", "Wolfe", "Wong",
    "Wright", "Wyatt", "Yates", "Young", "Zamora", "Zimmerman",
)  # fmt: skip
STREETS = (
    "Alder Street", "Birch Avenue", "Canal Road", "Cedar Lane", "Chestnut Street", "Church Street", "Elm Street",
    "Forest Drive", "Garden Court", "Hickory Lane", "High Street", "Hillside Avenue", "Juniper Way", "Lake Road",
    "Laurel Drive", "Linden Street", "Magnolia Avenue", "Maple Street", "Meadow Lane", "Mill Road", "Oak Street",
    "Orchard Road", "Park Avenue", "Pine Street", "Prospect Street", "River Road", "Spring Street", "Sycamore Drive",
    "Valley Road", "Walnut Street", "Willow Lane",
)  # fmt: skip
# No top-level domain will ever be called "zz" (ISO 3166 keeps it for private use), so nobody's mailbox is named here.
# The endings reserved for examples would do, too, but the score rightly calls those suspicious.
MAIL_HOSTS = ("brightpost.zz", "homemail.zz", "letterbox.zz", "northmail.zz", "openmail.zz", "quickpost.zz")
EMPLOYERS = (
    "Alder & Finch Plumbing", "Bluestone Bakery", "Copperline Electric", "Greenway Landscaping", "Harbor Freight Lines",
    "Kestrel Catering", "Lantern Property Care", "Millrace Builders", "Northstar Couriers", "Ridgeview Dental",
)  # fmt: skip
